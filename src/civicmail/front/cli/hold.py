"""`civicmail hold`: legal holds."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.archive import holds
from civicmail.mail.archive.inventory import inventory

app = group("What is kept whatever its age. Mail that comes later is covered too.")
Ground = Annotated[str, typer.Option("--ground", metavar="GROUND", help=f"One of {', '.join(holds.GROUNDS)}.")]


@app.command()
def add(
    scope: Annotated[str, typer.Argument(metavar="QUERY", help="What is covered, in the language of `civicmail search`.")],
    credentials: options.CredentialsWithReason,
    ground: Ground = "other",
    json: options.Json = False,
) -> None:
    """Place a legal hold. Stops a running disposal."""
    folder = credentials.folder()
    now = now_ms()
    by = actors.for_record(folder, "hold add", {"scope": scope, "ground": ground}, credentials, now=now)
    name = holds.place(folder, ground=ground, scope=scope, actor=by.name, reason=credentials.reason, now=now, entering=by.entering)
    output.emit({"hold": name}) if json else output.show(f"Hold {name} is in force.")


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """List legal holds, oldest first, without people and reasons of examinations."""
    folder = credentials.folder()
    actors.person(folder, "hold list", {}, credentials, now=now_ms())
    active = inventory(folder).holds
    for hold in active:
        under = hold.scope.startswith(holds.MANDATE)  # who reads this may be whom it is about (E1)
        hidden = {"scope": holds.MANDATE.strip(), "actor": "", "reason": ""} if under else {}
        line = {
            "hold": hold.id,
            "ground": hold.ground,
            "scope": hold.scope,
            "at": hold.at,
            "actor": hold.actor,
            "reason": hold.reason,
        } | hidden
        suffix = "" if under else f"  ({hold.actor}: {hold.reason})"
        output.emit(line) if json else output.show(f"{hold.id}  {output.when(hold.at)}  {hold.ground}  {line['scope']}{suffix}")
    if not active and not json:
        output.words("No hold is in force.")


@app.command()
def end(
    name: Annotated[str, typer.Argument(metavar="HOLD", help="The id of a hold in force.")],
    credentials: options.CredentialsWithReason,
) -> None:
    """Lift a legal hold; schedules apply again."""
    folder = credentials.folder()
    now = now_ms()
    by = actors.for_record(folder, "hold end", {"hold": name}, credentials, now=now)
    holds.end(folder, name, actor=by.name, reason=credentials.reason, now=now, entering=by.entering)
    output.words(f"Hold {name} is not in force any more.")
