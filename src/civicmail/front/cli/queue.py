"""`civicmail queue`: the outbound queue. Needs no courier and takes no lease."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.city.directory.modes import Modes
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.courier import actions
from civicmail.mail.courier.hops import Routes

app = group("Mail that was accepted and has recipients who are not served yet.")
Id = Annotated[str, typer.Argument(metavar="ID", help="A capture id, or its first digits as long as they fit only one.")]
MAX_REPLY_CHARS = 200  # characters of an answer for a person


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """List waiting and held copies, oldest mail first."""
    folder, settings = credentials.open()
    actors.person(folder, "queue list", {}, credentials, now=now_ms())
    rows = [row for entry in _entries(folder) for row in _rows(entry, _routes(folder, settings))]
    for row in rows:
        if json:
            output.emit(row)
        else:
            output.show(f"{row['id']}  {output.when(row['received'])}  <{row['sender']}>  {row['to']}  {_state(row)}")
    if not json:
        output.words(f"{len(rows)} recipients wait." if rows else "Nobody waits.")


@app.command()
def show(id_: Id, credentials: options.Credentials, json: options.Json = False) -> None:
    """Show a waiting message."""
    folder, settings = credentials.open()
    actors.person(folder, "queue show", {"id": id_}, credentials, now=now_ms())
    entry = _one(folder, id_)
    for row in _rows(entry, _routes(folder, settings)):
        if json:
            output.emit(row)
            continue
        output.show(f"{row['to']}: {_state(row)}")
        output.show(f"    capture {row['id']} of {output.when(row['received'])} from <{row['sender']}>, {row['size']} bytes")
        output.show(f"    next hop {row['hop'] or 'none is configured'}, {row['tries']} tries")
        if row["reply"]:
            output.show(f"    last answer: {row['reply']}")


@app.command()
def retry(id_: Id, credentials: options.Credentials, json: options.Json = False) -> None:
    """Try again at once, whatever time was set."""
    asker = replace(credentials, reason=credentials.reason or "asked for")
    _decide("queue retry", actions.retry, "will be tried at once", id_, asker, json)


@app.command()
def drop(id_: Id, credentials: options.CredentialsWithReason, json: options.Json = False) -> None:
    """Give up the delivery. The message stays in the archive, and the record says who gave it up and why."""
    asker = replace(credentials, reason=options.why(credentials.reason))
    _decide("queue drop", actions.drop, "will not be delivered", id_, asker, json)


def _decide(verb: str, action: Callable[..., list[int]], words: str, id_: str, asker: options.Credentials, json: bool) -> None:
    folder, settings = asker.open()
    now = now_ms()
    by = actors.for_record(folder, verb, {"id": id_}, asker, now=now)
    entry = _one(folder, id_)
    indices = action(folder, entry, actor=by.name, reason=asker.reason, now=now, entering=by.entering)
    if not indices:
        output.words(f"civicmail: {entry.uuid} is held for a decision; nobody of it waits for delivery.")
        raise typer.Exit(1)
    for row in _rows(entry, _routes(folder, settings)):
        if row["index"] in indices:
            output.emit({"id": row["id"], "to": row["to"]}) if json else output.show(f"{row['to']} {words}.")


def _routes(folder: Path, settings: Settings) -> Routes:
    return Routes(settings, Modes(settings, folder))


def _entries(folder: Path) -> list[Entry]:
    outstanding = outstanding_file.current(folder)
    entries = {e.id: e for e in (*outstanding.waiting(), *outstanding.held())}
    return sorted(entries.values(), key=lambda e: (e.received, e.id))


def _one(folder: Path, text: str) -> Entry:
    """The named entry; exit 1 if there is none or several."""
    digits = text.strip().lower().replace("-", "")
    entries = [e for e in _entries(folder) if digits and e.id.hex().startswith(digits)]
    if len(entries) == 1:
        return entries[0]
    output.words(
        f"civicmail: {'Nothing that waits has' if not entries else f'{len(entries)} messages that wait have'} the id {text}."
    )
    raise typer.Exit(1)


def _rows(entry: Entry, routes: Routes) -> Iterator[dict[str, Any]]:
    for index, copy in sorted(entry.copies.items()):
        if not (copy.is_waiting or copy.is_held):
            continue
        hop = routes.hop_for(copy.target)
        yield {
            "id": entry.uuid,
            "index": index,
            "received": entry.received,
            "size": entry.size,
            "sender": entry.sender,
            "to": copy.address,
            "do": copy.now,
            "state": "held" if copy.is_held else "open" if copy.is_open else "deferred" if copy.due else "waiting",
            "hop": str(hop) if hop is not None else "",
            "tries": copy.tries,
            "next": copy.due,
            "reply": copy.reply,
        }


_KEPT_BACK = {"pending": "waits until it could be screened", "quarantine": "in quarantine"}


def _state(row: dict[str, Any]) -> str:
    match row["state"]:
        case "held":
            return _KEPT_BACK.get(row["do"], "held for a decision")
        case "open":
            return "an attempt has no outcome yet"
        case "deferred":
            return f"again {output.when(row['next'])}: {row['reply'][:MAX_REPLY_CHARS]}"
    return "due now" if row["hop"] else "waits: no next hop is configured"
