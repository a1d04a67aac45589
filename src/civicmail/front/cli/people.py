"""`civicmail people`: who the directory knows, and the personnel system's list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import acting, options, output
from civicmail.front.cli.groups import group

app = group("The people of the city, as the personnel system and the departments have them.")


@app.command()
def sync(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The list as CSV (docs/operate/people.md).")],
    as_: options.As = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    despite_brake: Annotated[
        bool, typer.Option("--despite-brake", help="More than 2 % would be ended, and that is right: somebody looked at them.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")] = "the personnel list",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Bring the directory up to the personnel system's list. It adds, changes and ends people, and never grants access.

    Exit 1: lines were refused, and these people stay as they are. Exit 4: the brake; look at who would be ended.
    """
    desk = acting.office("people sync", data, config, as_, now=now_ms(), tables=True)
    from civicmail.city.access.actions import feed

    try:
        run = feed.propose(file.read_bytes(), source=file.name, actor=desk.actor, now=desk.now)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    counts = {did: run.lines.filter(did=did).count() for did in ("added", "changed", "ended", "refused")}
    if not json:
        for line in run.lines.filter(did__in=["ended", "refused"] if not dry_run else ["added", "changed", "ended", "refused"]):
            output.show(f"{line.did:8} {line.uid:12} {line.reason}".rstrip())
    if not dry_run:
        run = feed.apply(run, actor=desk.actor, reason=reason, now=desk.now, despite_brake=despite_brake)
    output.emit({**counts, "state": run.state}) if json else output.words(_said(counts, run.state))
    if counts["refused"]:
        raise typer.Exit(1)


def _said(counts: dict[str, int], state: str) -> str:
    words = ", ".join(f"{count} {did}" for did, count in counts.items())
    return words + {"applied": ".", "stopped": "; the brake holds it: more than 2 % would be ended."}.get(
        state, "; nothing is done yet."
    )


@app.command("list")
def list_(
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The code of a department.")],
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Who works in a department."""
    desk = acting.office("people list", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.acts import About
    from civicmail.city.directory.models import Episode

    guard.require(desk.actor, "roster.see", About(department), now=desk.now)
    rows = Episode.objects.select_related("person").filter(department__code=department, ended__isnull=True)
    for row in rows.order_by("person__family", "person__given"):
        if json:
            output.emit({"uid": row.person.uid, "name": row.person.display, "kind": row.kind, "position": row.position})
        else:
            output.show(f"{row.person.uid:12} {row.person.display}, {row.position or row.kind}")


@app.command()
def show(
    person: options.Who,
    as_: options.As = "",
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """One person: work, mailboxes, access."""
    desk = acting.office("people show", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.queries.actors import about_person

    found = acting.named(person)
    guard.require(desk.actor, "roster.see", about_person(found), now=desk.now)
    plain = _plain(found, desk.now)
    if json:
        output.emit(plain)
        return
    output.show(f"{plain['name']} ({plain['uid']})")
    for line in (*plain["work"], *plain["access"]):
        output.show(f"    {line}")
    output.show(f"    {plain['why'] or 'May send and receive.'}")


def _plain(found: Any, now: int) -> dict[str, Any]:
    from civicmail.city.access.queries import standing

    work = [
        f"{e.kind} of {e.department.code}{f', {e.position}' if e.position else ''}, {e.starts} to {e.ended or 'now'}"
        for e in found.episodes.select_related("department")
    ]
    access = [
        f"{a.mailbox.address}: {a.role}, {a.state} until {a.until:%Y-%m-%d}" for a in found.authorisations.select_related("mailbox")
    ]
    return {"uid": found.uid, "name": found.display, "work": work, "access": access, "why": standing.why(found.pk, now)}
