"""`civicmail archive`: how keeping stands, the schedules in force, a longer class for a message, and segments put in order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.city.law.schedules import Schedule
from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.front.cli import door, options, output, typist
from civicmail.front.cli.patience import patiently
from civicmail.mail.archive import classes, regroup
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.standing import standing

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="What is kept, and for how long.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the record.")]


@app.callback()
def archive() -> None:
    """What is kept, and for how long."""


@app.command()
def status(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """What is kept under each class, the schedules and holds in force, and what was disposed of."""
    folder = options.data_folder(data)
    load(folder, config)
    found = standing(folder)
    series = list(found.schedules.by_class.values()) if found.schedules else []
    if json:
        groups = {c: {"captures": g.captures, "segments": g.segments, "bytes": g.size} for c, g in found.groups.items()}
        numbers = {"unsealed": found.unsealed, "holds": len(found.holds)}
        numbers |= {"certificates": found.certificates, "disposed": found.disposed}
        output.emit({"classes": groups, "schedules": [_plain(s) for s in series], **numbers})
        return
    for class_, g in sorted(found.groups.items()):
        output.show(f"{class_}: {g.captures} captures in {g.segments} segments, {g.size:,} bytes, {g.oldest} to {g.newest}")
    output.show(f"{found.unsealed} captures are not sealed yet.")
    for s in series:
        output.show(f"{s.class_}: {_kept(s)}, series {s.id}, {_validity(s)}")
    if not series:
        output.show("No schedules are in force, so nothing is ever disposed of.")
    output.show(f"{len(found.holds)} holds are in force.")
    output.show(f"{found.disposed} captures were disposed of, by {found.certificates} certificates.")


@app.command()
def adopt(file: Path, reason: Reason, data: options.Data = None, config: options.Config = None) -> None:
    """Put a file of retention schedules (TOML) into force, in place of the one before."""
    folder = options.data_folder(data)
    load(folder, config)
    if not file.is_file():
        raise UsageError(f"There is no file {file}.")
    text = file.read_text(encoding="utf-8")
    found = patiently(lambda: classes.adopt(folder, text, actor=typist.name(), reason=reason, now=door.now_ms()))
    output.words(f"{len(found.by_class)} schedules are in force.")


@app.command()
def promote(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A capture id, or its first digits.")],
    class_: Annotated[str, typer.Argument(metavar="CLASS", help="A class of the schedules in force.")],
    reason: Reason,
    data: options.Data = None,
    config: options.Config = None,
) -> None:
    """Keep a message as long as this class asks for. Shorter than before it never becomes."""
    folder = options.data_folder(data)
    load(folder, config)
    found = Archive(folder).find(id_)
    if len(found) != 1:
        output.words(f"civicmail: {len(found)} captures have the id {id_}.")
        raise typer.Exit(1)
    now, id_bytes = door.now_ms(), found[0].id
    patiently(lambda: classes.promote(folder, id_bytes, class_, actor=typist.name(), reason=reason, now=now))
    output.words(f"{found[0].uuid} is kept at least as long as {class_} asks for.")


@app.command()
def compact(reason: Reason, data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Make large segments of small ones, and move what was promoted. Needs the lease `seal`: stop the worker first."""
    folder = options.data_folder(data)
    load(folder, config)
    with Sealer(folder) as sealer:
        done = regroup.regroup(sealer, now=door.now_ms(), reason=reason)
    if json:
        output.emit({"moved": done.moved, "before": done.before, "after": done.after})
    else:
        output.show(f"{done.before} segments became {done.after}; {done.moved} captures went to another class.")


def _plain(s: Schedule) -> dict[str, Any]:
    plain: dict[str, Any] = {"class": s.class_, "id": s.id, "years": s.years, "days": s.days, "permanent": s.permanent}
    return plain | {"trigger": s.trigger, "approval": s.approval, "expires": s.expires.isoformat(), "state": _validity(s)}


def _kept(s: Schedule) -> str:
    if s.permanent:
        return "kept for ever"
    period = " and ".join(f"{n} {word}" for n, word in ((s.years, "years"), (s.days, "days")) if n)
    return f"kept {period} after {'receipt' if s.trigger == 'received' else 'the year of receipt'}"


def _validity(s: Schedule) -> str:
    why = s.stands_in_the_way(datetime.now(UTC).date())
    states = {"expired": f"not valid (approved {s.approved}, expires {s.expires}): it disposes of nothing"}
    states["notice"] = "the State Historical Society was not told 60 days ago: it disposes of nothing"
    return states.get(why or "", f"valid until {s.expires}")
