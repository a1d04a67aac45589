"""`civicmail entries`: the audit log, for people or in SIEM formats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from civicmail.core.config.settings import Settings, Siem
from civicmail.front.cli import actors, options, output

if TYPE_CHECKING:
    from civicmail.city.guard.models import Entry


class Format(StrEnum):
    RFC5424 = "rfc5424"
    OCSF = "ocsf"


def entries(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you look; that is an entry, too.")],
    sign_in: options.SignIn,
    act: Annotated[str, typer.Option("--act", metavar="NAME", help="Only this act, like access.end.")] = "",
    person: Annotated[str, typer.Option("--person", metavar="UID", help="Only of this person.")] = "",
    object_: Annotated[str, typer.Option("--object", metavar="THING", help="Only about this, like person:e-17.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries; not of --format.")] = 50,
    format_: Annotated[
        Format | None, typer.Option("--format", help="All of them, the oldest first, a line each: rfc5424 (syslog) or ocsf.")
    ] = None,
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="Only since this day, such as 2026-12-31.")] = "",
    json: options.Json = False,
) -> None:
    """The newest entries first. For auditors and the access office; looking is recorded before anything is shown."""
    desk = actors.signed_in("entries", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.guard.actions.entries import enter_alone
    from civicmail.city.guard.queries.entries import heads, visible_to

    guard.require(desk.actor, "entries.see", now=desk.now)
    filters = {k: v for k, v in (("act", act), ("person", person), ("object", object_)) if v}
    since = _begin(from_) if from_ else 0
    facts = {**filters, **({"from": from_} if from_ else {}), **({"format": format_.value} if format_ else {"limit": limit})}
    enter_alone("entries.see", actor=desk.actor, reason=reason, now=desk.now, facts=facts)
    rows = visible_to(desk.actor).filter(**filters)
    if format_ is not None:
        _export(heads(rows, since), format_, desk.settings)
        return
    for row in rows.filter(at__gte=since).order_by("-id")[:limit]:
        _show(row, json)


def _show(row: Entry, json: bool) -> None:
    if json:
        plain = {
            name: getattr(row, name) for name in ("at", "act", "person", "duty", "behalf", "object", "reason", "client", "facts")
        }
        output.emit(plain)
    else:
        output.show(f"{output.when(row.at)}  {row.act:20} {row.person}  {row.object}{f'  {row.reason}' if row.reason else ''}")


def _begin(day: str) -> int:
    """The first ms of a day, UTC."""
    try:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise typer.BadParameter("must be a day, such as 2026-12-31", param_hint="--from") from None


def _export(rows: Iterator[tuple[dict[str, Any], str, int]], format_: Format, settings: Settings) -> None:
    """A line for each entry, in the words of the job that sends them (front/worker/siem.py)."""
    from civicmail.front.worker.siem import render
    from civicmail.front.worker.siem_events import of_entry

    enterprise = next((receiver.enterprise for receiver in settings.oversight.siem), Siem().enterprise)
    for head, journal, number in rows:
        event = of_entry(head, journal, number, settings.city.domains)
        sys.stdout.buffer.write(render(event, format_, settings, enterprise) + b"\n")
