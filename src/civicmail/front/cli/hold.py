"""`civicmail hold`: what a request, a suit or an audit keeps, whatever its age."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.core.config.load import load
from civicmail.front.cli import door, options, output, typist
from civicmail.front.cli.patience import patiently
from civicmail.mail.archive import holds
from civicmail.mail.archive.standing import standing

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Holds: add, list, end.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")]
Ground = Annotated[str, typer.Option("--ground", metavar="GROUND", help=f"One of {', '.join(holds.GROUNDS)}.")]


@app.callback()
def hold() -> None:
    """What is kept whatever its age. Mail that comes later is covered too."""


@app.command()
def add(
    scope: Annotated[str, typer.Argument(metavar="QUERY", help="What is covered, in the language of `civicmail search`.")],
    reason: Reason,
    ground: Ground = "other",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Put a hold into force. A disposal that is under way at this moment stops."""
    folder = options.data_folder(data)
    load(folder, config)
    name = patiently(lambda: holds.place(folder, ground=ground, scope=scope, actor=typist.name(), reason=reason, now=door.now_ms()))
    output.emit({"hold": name}) if json else output.show(f"Hold {name} is in force.")


@app.command("list")
def list_(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """The holds in force, oldest first."""
    folder = options.data_folder(data)
    load(folder, config)
    for h in standing(folder).holds:
        if json:
            output.emit({"hold": h.id, "ground": h.ground, "scope": h.scope, "at": h.at, "actor": h.actor, "reason": h.reason})
        else:
            output.show(f"{h.id}  {output.when(h.at)}  {h.ground}  {h.scope}  ({h.actor}: {h.reason})")


@app.command()
def end(
    name: Annotated[str, typer.Argument(metavar="HOLD", help="The id of a hold in force.")],
    reason: Reason,
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Lift a hold: the schedules decide again about what it kept."""
    folder = options.data_folder(data)
    load(folder, config)
    patiently(lambda: holds.end(folder, name, actor=typist.name(), reason=reason, now=door.now_ms()))
    output.words(f"Hold {name} is not in force any more.")
