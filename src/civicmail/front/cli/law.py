"""`civicmail law`: packs of public-records law: list, check, compare, explain, adopt (docs/operate/law.md)."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.city.guard import guard
from civicmail.city.law import adopted, pack_diff, shipped
from civicmail.city.law.errors import BadPack, NotInPack
from civicmail.city.law.pack import LawPack, ending, load_pack, unconfirmed
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group

app = group("The public-records law that the city adopted, as data.")
SOON = timedelta(days=90)
"""Time before its end from which an entry is reported."""
Pack = Annotated[str, typer.Argument(metavar="PACK", help="A file, or the name of a pack that the program brings along.")]
OtherPack = Annotated[str, typer.Argument(metavar="PACK", help="As the first; none: the pack in force.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Adopt nothing; list the open requests that the pack would touch.")]
InPack = Annotated[str, typer.Option("--pack", metavar="PACK", help="A file, or a name; none: the pack in force.")]


@app.command("list")
def list_(data: options.Data = None, json: options.Json = False) -> None:
    """List the adopted packs, oldest first, and those that the program brings along. Verifies their signatures."""
    folder = options.data_folder(data)
    known = adopted.adopted(folder)
    for one in known:
        state = _state(one, folder, _today())
        if json:
            output.emit(_plain(one.pack, state) | {"at": one.at, "by": one.by, "sha256": one.sha256})
        else:
            output.show(f"{_title(one.pack)}  {state}, until {one.pack.until}; adopted {output.when(one.at)} by {one.by}")
    for pack in map(shipped.shipped, shipped.names()):
        if json:
            output.emit(_plain(pack, "offered"))
        else:
            output.show(f"{_title(pack)}  comes with the program: {pack.title} ({pack.citation})")
    if not known and not json:
        output.words(f"No law pack is adopted. One is offered: civicmail law adopt {shipped.OFFERED} --reason TEXT")


@app.command()
def check(pack: OtherPack = "", data: options.Data = None, json: options.Json = False) -> None:
    """Check whether a law pack can be used, and report what counsel has yet to confirm and what ends soon. Exit 1 if it cannot."""
    try:
        law = _pack(pack, data)
    except BadPack as error:
        output.emit({"problem": str(error)}) if json else output.words(f"civicmail: {error}")
        raise typer.Exit(1) from None
    entries = law.entries()
    for table, id_ in unconfirmed(law):
        entry = entries[table, id_]
        if json:
            output.emit({"confirm": id_, "table": table, "citation": entry.citation})
        else:
            output.words(f"confirm with counsel: {table} {id_} ({entry.title}; {entry.citation})")
    for table, id_, until in ending(law, _today(), SOON):
        verb = "ended" if until < _today() else "ends"
        output.emit({"ends": id_, "table": table, "until": until}) if json else output.words(f"{table} {id_} {verb} on {until}.")
    if json:
        output.emit({"name": law.name, "version": law.version, "entries": len(entries), "unconfirmed": len(unconfirmed(law))})
    else:
        output.show(f"{_title(law)} can be used: {len(entries)} entries, {len(unconfirmed(law))} to confirm with counsel.")


@app.command()
def diff(old: Pack, new: OtherPack = "", data: options.Data = None, json: options.Json = False) -> None:
    """Compare two law packs, entry by entry. Exit 1 if they differ."""
    changes = pack_diff.diff(_pack(old, data), _pack(new, data)).changes
    for change in changes:
        if json:
            output.emit({"what": change.what, "table": change.table, "id": change.id} | _values(change))
            continue
        output.show(f"{change.what} {change.table} {change.id}{f', {change.field}' if change.field else ''}")
        for sign, text in (("-", change.old), ("+", change.new)):
            if text:
                output.show(f"  {sign} {text}")
    if changes:
        raise typer.Exit(1)
    if not json:
        output.words("Nothing differs.")


@app.command()
def explain(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The id of an entry, such as 19.36(5) or release-lock.")],
    pack: InPack = "",
    data: options.Data = None,
    json: options.Json = False,
) -> None:
    """Show an entry of a law pack, whole, with its source."""
    law = _pack(pack, data)
    fitting = [(key, known) for key, known in law.entries().items() if key[1] == entry]
    if not fitting:
        raise NotInPack(f"The law pack {_title(law)} has no entry {entry}: `civicmail law explain` needs its id.")
    for (table, _), known in fitting:
        shown = pack_diff.fields_of(known)
        if json:
            output.emit({"pack": law.name, "version": law.version, "table": table} | dict(shown))
            continue
        output.show(f"{table} {known.id}, {_title(law)}")
        for name, text in shown:
            output.show(f"  {name:<16} {text}")
        if known.confirm:
            output.show("  Counsel has yet to confirm this entry.")


@app.command()
def adopt(pack: Pack, credentials: options.CredentialsWithReason, dry_run: DryRun = False, json: options.Json = False) -> None:
    """Sign a law pack with this installation's key and put it into force. Open requests keep the pack with which they began; those
    that it would touch are listed."""
    folder, now, reason = credentials.folder(), now_ms(), options.why(credentials.reason)
    text = _text(pack)
    new = load_pack(text)
    facts = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "pack": new.name, "version": new.version}
    if dry_run:
        actors.person(folder, "law adopt", facts | {"dry_run": 1}, credentials, now=now)
        _show_touched(folder, new, json)
        return
    with actors.in_files(folder, "law adopt", facts, credentials, now=now) as by:
        one = adopted.adopt(folder, text, by=by.name, at=now, today=_today())
    if json:
        output.emit({"name": one.pack.name, "version": one.pack.version, "sha256": one.sha256, "by": one.by, "reason": reason})
    else:
        output.show(f"{_title(one.pack)} is in force for new requests, until {one.pack.until}.")
        output.words(f"{len(unconfirmed(one.pack))} entries are to be confirmed with counsel: `civicmail law check` lists them.")
    _show_touched(folder, new, json)


def _show_touched(folder: Path, new: LawPack, json: bool) -> None:
    """Open requests that would feel the pack. An installation that nobody has claimed has none."""
    touched = []
    if guard.is_claimed(folder):
        from civicmail.desk.records.queries.law_changes import touched_requests

        touched = list(touched_requests(new))
    for row, changes in touched:
        for change in changes:
            if json:
                output.emit({"touches": row.number, "what": change.what, "table": change.table, "id": change.id} | _values(change))
            else:
                name = " ".join(filter(None, (change.table, change.id, change.field)))
                output.show(f"{row.number}: {change.what} {name}: {change.old or 'nothing'} -> {change.new or 'nothing'}")
    if not json:
        output.words(f"Open requests that it would touch: {len(touched)}. They keep the pack with which they began.")


def _values(change: pack_diff.Change) -> dict[str, str]:
    return {"field": change.field, "old": change.old, "new": change.new}


def _pack(name: str, data: Path | None) -> LawPack:
    """A pack by file or name; without one that in force. Raises BadPack, UsageError, NoPack, NotVerified."""
    if name:
        return load_pack(_text(name))
    return adopted.last(options.data_folder(data), _today()).pack


def _text(name: str) -> str:
    """The words of a pack. Raises UsageError."""
    return shipped.text(name) if name in shipped.names() else options.text_of(Path(name))


def _title(pack: LawPack) -> str:
    return f"{pack.name} {pack.version}"


def _plain(pack: LawPack, state: str) -> dict[str, Any]:
    return {"name": pack.name, "version": pack.version, "state": state, "title": pack.title, "until": pack.until}


def _state(one: adopted.Adopted, folder: Path, today: date) -> str:
    if one.pack.since > today:
        return "scheduled"
    if one.pack.until < today:
        return "expired"
    return "active" if adopted.last(folder, today) == one else "superseded"


def _today() -> date:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).date()
