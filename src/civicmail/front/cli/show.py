"""`civicmail show`: one message; its exact bytes, its evidence, its way."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from civicmail.city.access.permits import Permit
from civicmail.core.config.errors import UsageError
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import charsets, letter
from civicmail.core.message.shapes import STRAY, Address, Letter, Part
from civicmail.front.cli import captureid, door, options, output
from civicmail.mail.archive import proofs
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.search.extracted import reasons

TEXT_MOST = 100_000  # characters for a person; --raw gives all


def show(
    id_: captureid.CaptureId,
    data: options.Data = None,
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes that are kept.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Its way: received, tried, delivered.")] = False,
    as_sent: Annotated[str, typer.Option(metavar="RECIPIENT", help="The exact bytes that left for this recipient.")] = "",
    report: Annotated[bool, typer.Option("--report", help="The exact journal report that it came in.")] = False,
    as_: options.As = "",
    mandate: options.Mandate = "",
    duty: options.Duty = "",
    reason: options.Reason = "",
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Show one message."""
    if sum((raw, trace, report, bool(as_sent))) > 1 or (json and (raw or report or as_sent)):
        raise UsageError("Only one of --raw, --report, --trace and --as-sent at a time, and --json not with exact bytes.")
    folder, _ = options.installation(data, config)
    archive = Archive(folder)
    place = captureid.one(archive, id_, bytes_only=raw)
    opened = door.opened(folder, "show", {"id": place.uuid}, door.Asker(as_, duty, reason, config, mandate))
    permit, body = opened.permit, opened.reading(archive)(place)
    if raw:
        output.emit_bytes(body)
    elif report:
        output.emit_bytes(_report(archive, permit, place))
    elif as_sent:
        output.emit_bytes(_as_sent(archive, permit, place, as_sent))
    elif trace:
        _trace(archive, permit, place, json)
    elif json:
        head = orjson.loads(archive.head(permit, place))
        output.emit(
            {
                **head,
                "letter": _letter_plain(letter.read(body), folder),
                "events": _events(archive, permit, place),
            }
        )
    else:
        _read(letter.read(body), archive.capture(permit, place), folder)


def _report(archive: Archive, permit: Permit, place: Place) -> bytes:
    """The report, put together and checked against the SHA-256 that its receipt has."""
    report = archive.capture(permit, place).report
    if report is None or not report.sha256:
        output.words(f"civicmail: {place.uuid} did not come in a journal report.")
        raise typer.Exit(1)
    whole = report.whole(archive.body(permit, place))
    if sha256(whole).digest() != report.sha256:
        raise DamagedFile(f"The journal report of {place.uuid} is not what came in.")
    return whole


def _as_sent(archive: Archive, permit: Permit, place: Place, recipient: str) -> bytes:
    from civicmail.mail.courier.leaving import as_sent

    capture = archive.capture(permit, place)
    wanted = {i for i, r in enumerate(capture.envelope.recipients) if r.address.lower() == recipient.lower()}
    if not wanted:
        output.words(f"civicmail: {recipient} is no recipient of {place.uuid}.")
        raise typer.Exit(1)
    sent = [e for e in archive.events(permit, place.id) if e.type == Type.DELIVERED and wanted & set(e.to)]
    if not sent:
        output.words(f"civicmail: {place.uuid} was not delivered to {recipient}.")
        raise typer.Exit(1)
    return as_sent([archive.body(permit, place)], sent[-1].facts)


def _events(archive: Archive, permit: Permit, place: Place) -> list[dict[str, Any]]:
    return [_event_plain(event) for event in archive.events(permit, place.id)]


def _event_plain(event: Event) -> dict[str, Any]:
    return {"type": event.type.name.lower(), "at": event.at, "to": list(event.to), "facts": event.facts}


def _trace(archive: Archive, permit: Permit, place: Place, json: bool) -> None:
    """The receipt and every event after it, one a line, in order of time."""
    capture = archive.capture(permit, place)
    names = [r.address for r in capture.envelope.recipients]
    events = archive.events(permit, place.id)
    if json:
        output.emit(
            {"type": "receipt", "at": capture.received, "id": place.uuid, "basis": capture.basis, "source": capture.source.kind}
        )
        for event in events:
            output.emit(_event_plain(event))
        return
    source = f"{capture.source.kind} {capture.source.name}".strip()
    output.show(f"{output.when(capture.received)}  received by {source} from <{capture.envelope.sender}> (time by {capture.basis})")
    for disposition in capture.dispositions:
        output.show(f"    {names[disposition.to]}: {disposition.do} {' '.join(disposition.rules)}")
    for event in events:
        people = ", ".join(names[i] for i in event.to if i < len(names))
        words = "  ".join(
            f"{k}={v}"
            for k, v in event.facts.items()
            if k in {"do", "hop", "relay", "reply", "tls", "try", "reason", "actor", "redelivered"}
        )
        if proof := proofs.line(event.facts.get("proof", {})):
            words = f"{words}  proof: {proof}"
        if event.type == Type.DECIDED:
            words = f"{words}  {' '.join(event.facts.get('rules', ()))}"
        output.show(f"{output.when(event.at)}  {event.type.name.lower()}  {people}  {words}")


def _people(addresses: tuple[Address, ...]) -> str:
    return ", ".join(f"{a.display} <{a.addr}>" if a.display else a.addr for a in addresses)


def _letter_plain(read: Letter, data: Path) -> dict[str, Any]:
    return {
        "subject": read.subject,
        "date": read.date.isoformat() if read.date else None,
        "from": _people(read.from_),
        "to": _people(read.to),
        "cc": _people(read.cc),
        "text": _clean(read.text or read.html_text),
        **({"among_header": lines} if (lines := _among_header(read)) else {}),
        "attachments": [_attachment_plain(a, data) for a in read.attachments],
        "defects": [{"code": d.code, "where": d.where} for d in read.defects],
    }


def _attachment_plain(part: Part, data: Path) -> dict[str, Any]:
    """unreadable: only where something in it gave no text, and why."""
    plain = {"name": part.filename, "type": part.content_type, "size": part.size, "part": part.path}
    why = reasons(data, part.content)
    return {**plain, "unreadable": why} if why else plain


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _among_header(read: Letter) -> str:
    """The lines among its header that are no fields."""
    return next((charsets.decode(part.content)[0] for part in read.parts if part.path == STRAY), "")


def broken_of(capture: Capture) -> list[str]:
    """What of the item that a message was built from could not be read."""
    found = capture.properties or {}
    attached = [one.get("unread") for one in found.get("attachments", []) if isinstance(one, dict)]
    return [str(why) for why in (found.get("broken"), *attached) if why]


def _read(read: Letter, capture: Capture, data: Path) -> None:
    """The message for a person at a terminal; nothing in it can steer the terminal."""
    output.show(f"Capture: {capture.uuid}")
    output.show(f"SHA-256: {capture.sha256.hex()}")
    output.show(f"Received: {output.when(capture.received)} (by {capture.basis})")
    if capture.source.eol.startswith("rebuilt"):
        output.show(f"Built from: the properties of an item in a {capture.source.eol.split()[-1]} file; --json shows them")
    if capture.report is not None:
        output.show(f"Journal: {capture.report.style}, to {', '.join(r['a'] for r in capture.report.recipients)}")
    for name, value in (
        ("From", _people(read.from_)),
        ("To", _people(read.to)),
        ("Cc", _people(read.cc)),
        ("Subject", read.subject),
    ):
        if value:
            output.show(f"{name}: {value}")
    if read.date:
        output.show(f"Date: {read.date.isoformat()}")
    for attachment in read.attachments:
        output.show(f"Attachment: {attachment.filename or attachment.path} ({attachment.content_type}, {attachment.size} bytes)")
        for why in reasons(data, attachment.content):
            output.show(f"    unreadable: {why}")
    for missing in broken_of(capture):
        output.show(f"Incomplete: {missing}")
    for line in _among_header(read).splitlines():
        output.show(f"Among the header, and no field: {line}")
    if read.defects:
        output.show(f"Defects: {', '.join(dict.fromkeys(d.code.replace('-', ' ') for d in read.defects))}")
    output.show("")
    text = read.text or read.html_text
    for line in text[:TEXT_MOST].splitlines():
        output.show(line)
    if len(text) > TEXT_MOST:
        output.words(f"The text goes on for {len(text) - TEXT_MOST} characters; --raw gives all of it.")
