"""`civicmail archive`: contents, retention schedules, longer retention of a message, compaction."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.city.law.schedules import Schedule
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, capture_id, options, output
from civicmail.front.cli.groups import group
from civicmail.front.cli.transfer import transfer
from civicmail.front.cli.waits import wait_for_worker
from civicmail.mail.archive import classes, regroup
from civicmail.mail.archive.inventory import inventory
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.seal import Sealer

app = group("What is kept, and for how long.")
app.command(context_settings={"ignore_unknown_options": True})(transfer)


@app.command()
def status(installation: options.Installation, json: options.Json = False) -> None:
    """Show contents by retention class, schedules, holds and disposals."""
    folder = installation.folder()
    state = inventory(folder)
    series = list(state.schedules.by_class.values()) if state.schedules else []
    if json:
        groups = {c: {"captures": g.captures, "segments": g.segments, "bytes": g.size} for c, g in state.groups.items()}
        numbers = {"unsealed": state.unsealed, "holds": len(state.holds)}
        numbers |= {"certificates": state.certificates, "disposed": state.disposed}
        output.emit({"classes": groups, "schedules": [_plain(s) for s in series], **numbers})
        return
    for class_, g in sorted(state.groups.items()):
        output.show(f"{class_}: {g.captures} captures in {g.segments} segments, {g.size:,} bytes, {g.oldest} to {g.newest}")
    output.show(f"{state.unsealed} captures are not sealed yet.")
    for s in series:
        output.show(f"{s.class_}: {_kept(s)}, series {s.id}, {_validity(s)}")
    if not series:
        output.show("No schedules are in force, so nothing is ever disposed of.")
    output.show(f"{len(state.holds)} holds are in force.")
    output.show(f"{state.disposed} captures were disposed of, by {state.certificates} certificates.")


@app.command()
def adopt(file: Path, credentials: options.CredentialsWithReason) -> None:
    """Put a file of retention schedules (TOML) into force, in place of the one before."""
    folder = credentials.folder()
    if not file.is_file():
        raise UsageError(f"There is no file {file}.")
    text = file.read_text(encoding="utf-8")
    now, digest = now_ms(), hashlib.sha256(text.encode()).hexdigest()
    by = actors.for_record(folder, "archive adopt", {"sha256": digest}, credentials, now=now)
    schedules = classes.adopt(folder, text, actor=by.name, reason=credentials.reason, now=now, entering=by.entering)
    output.words(f"{len(schedules.by_class)} schedules are in force.")


@app.command()
def promote(
    id_: capture_id.CaptureId,
    class_: Annotated[str, typer.Argument(metavar="CLASS", help="A class of the schedules in force.")],
    credentials: options.CredentialsWithReason,
) -> None:
    """Put a message into a longer retention class."""
    folder = credentials.folder()
    now = now_ms()
    by = actors.for_record(folder, "archive promote", {"id": id_, "class": class_}, credentials, now=now)
    place = capture_id.one(Archive(folder), id_)
    classes.promote(folder, place.id, class_, actor=by.name, reason=credentials.reason, now=now, entering=by.entering)
    output.words(f"{place.uuid} is kept at least as long as {class_} asks for.")


@app.command()
def compact(reason: options.Why, installation: options.Installation, json: options.Json = False) -> None:
    """Merge small segments, and move promoted messages. A running worker releases its lease `seal`."""
    folder = installation.folder()
    now = now_ms()
    owner = actors.owner(folder, "archive compact", reason=reason, now=now)
    with owner, Sealer(folder, patience=wait_for_worker()) as sealer:
        done = regroup.regroup(sealer, now=now, reason=reason)
    if json:
        output.emit({"moved": done.moved, "before": done.before, "after": done.after})
    else:
        output.show(f"{done.before} segments became {done.after}; {done.moved} captures went to another class.")


@app.command()
def reconcile(
    day: Annotated[str, typer.Argument(metavar="DAY", help="In UTC, such as 2026-12-01.")],
    installation: options.Installation,
    json: options.Json = False,
) -> None:
    """Compare the receipts of a day with archive, index and second place, and name what is missing.

    Publishes the result if the day is over. Exit 1 if something is missing."""
    from civicmail.front.worker import completeness  # what it needs takes long to import

    chosen = _day(day)
    desk = actors.owned("archive reconcile", installation)
    result = completeness.compare_day(desk.settings, desk.folder, chosen)
    is_over, first = chosen < datetime.now(UTC).date(), completeness.first_day(desk.folder, desk.now)
    is_published = is_over and first is not None and first <= chosen
    if is_published:
        completeness.publish(desk.folder, chosen, result, actor=desk.actor, now=desk.now)
    if json:
        output.emit({"day": day, "published": is_published, **asdict(result)})
    else:
        for gap in result.gaps:
            output.show(" ".join(filter(None, (gap.receipt, gap.id, gap.kind, f"lacks: {', '.join(gap.lacks)}"))))
        text = f"{result.records:,} records of {day}, {result.receipts:,} of them messages, in: {', '.join(result.places)}."
        output.show(f"{text} {_missing(result.missing)}")
        if is_over and not is_published:
            output.words(f"Nothing was acknowledged before {first or 'now'}, so nothing was published.")
        elif not is_over:
            output.words(f"{day} is not over: nothing was published, and what came last may not be indexed or copied yet.")
    if result.missing:
        raise typer.Exit(1)


def _missing(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'} missing somewhere." if count else "Nothing is missing."


def _day(text: str) -> date:
    """Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text} is no day such as 2026-12-01.") from None


def _plain(s: Schedule) -> dict[str, Any]:
    plain: dict[str, Any] = {"class": s.class_, "id": s.id, "years": s.years, "days": s.days, "permanent": s.permanent}
    return plain | {"trigger": s.trigger, "approval": s.approval, "expires": s.expires.isoformat(), "state": _validity(s)}


def _kept(s: Schedule) -> str:
    if s.permanent:
        return "kept for ever"
    period = " and ".join(f"{n} {word}" for n, word in ((s.years, "years"), (s.days, "days")) if n)
    return f"kept {period} after {'receipt' if s.trigger == 'received' else 'the year of receipt'}"


def _validity(s: Schedule) -> str:
    why = s.obstacle_on(datetime.now(UTC).date())
    states = {"expired": f"not valid (approved {s.approved}, expires {s.expires}): it disposes of nothing"}
    states["notice"] = "the State Historical Society was not told 60 days ago: it disposes of nothing"
    return states.get(why or "", f"valid until {s.expires}")
