"""`civicmail show`: one message, its exact bytes, its evidence, its trace."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from civicmail.city.guard.permits import Permit
from civicmail.core.config.errors import UsageError
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.sandbox.errors import Unreadable
from civicmail.front.cli import capture_id, content_access, options, output
from civicmail.mail.archive import encryption_proof
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.search import message_reader
from civicmail.mail.search.extract_cache import reasons
from civicmail.mail.search.message_requests import Printed, PrintedFile

MAX_TEXT_CHARS = 100_000  # characters for a person; --raw gives all


def show(
    id_: capture_id.CaptureId,
    credentials: options.ContentCredentials,
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes that are kept.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Its way: received, tried, delivered.")] = False,
    as_sent: Annotated[str, typer.Option(metavar="RECIPIENT", help="The exact bytes that left for this recipient.")] = "",
    report: Annotated[bool, typer.Option("--report", help="The exact journal report that it came in.")] = False,
    json: options.Json = False,
) -> None:
    """Show one message."""
    if sum((raw, trace, report, bool(as_sent))) > 1 or (json and (raw or report or as_sent)):
        raise UsageError("Only one of --raw, --report, --trace and --as-sent at a time, and --json not with exact bytes.")
    folder = credentials.folder()
    archive = Archive(folder)
    place = capture_id.one(archive, id_, bytes_only=raw)
    credentials = credentials
    opened = content_access.open_content(folder, "show", {"id": place.uuid}, credentials)
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
        output.emit({**head, "letter": _letter_plain(*_printed(body), folder), "events": _events(archive, permit, place)})
    else:
        _read(*_printed(body), archive.capture(permit, place), folder)


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
    from civicmail.mail.courier.rendering import as_sent

    capture = archive.capture(permit, place)
    indices = {i for i, r in enumerate(capture.envelope.recipients) if r.address.lower() == recipient.lower()}
    if not indices:
        output.words(f"civicmail: {recipient} is no recipient of {place.uuid}.")
        raise typer.Exit(1)
    sent = [e for e in archive.events(permit, place.id) if e.type == Type.DELIVERED and indices & set(e.to)]
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
        if proof := encryption_proof.line(event.facts.get("proof", {})):
            words = f"{words}  proof: {proof}"
        if event.type == Type.DECIDED:
            words = f"{words}  {' '.join(event.facts.get('rules', ()))}"
        output.show(f"{output.when(event.at)}  {event.type.name.lower()}  {people}  {words}")


def _printed(body: bytes) -> tuple[Printed, str]:
    """The parsed message, or why it cannot be shown."""
    try:
        return message_reader.printed(body), ""
    except Unreadable as error:
        return Printed(), error.why


def _letter_plain(read: Printed, why: str, data: Path) -> dict[str, Any]:
    """unreadable: only where it cannot be read, and why."""
    return {
        "subject": read.subject,
        "date": read.date,
        "from": read.from_,
        "to": read.to,
        "cc": read.cc,
        "text": read.text,
        **({"among_header": read.among_header} if read.among_header else {}),
        **({"around_parts": read.around_parts} if read.around_parts else {}),
        "attachments": [_attachment_plain(a, data) for a in read.attachments],
        "defects": [{"code": code, "where": where} for code, where in read.defects],
        **({"unreadable": why} if why else {}),
    }


def _attachment_plain(file: PrintedFile, data: Path) -> dict[str, Any]:
    """unreadable: only where something in it gave no text, and why."""
    plain = {"name": file.name, "type": file.type, "size": file.size, "part": file.part}
    why = reasons(data, file.digest)
    return {**plain, "unreadable": why} if why else plain


def reading_problems(capture: Capture) -> list[str]:
    """Why parts of an imported item could not be read."""
    properties = capture.properties or {}
    attached = [attachment.get("unread") for attachment in properties.get("attachments", []) if isinstance(attachment, dict)]
    return [str(why) for why in (properties.get("broken"), *attached) if why]


def _read(read: Printed, why: str, capture: Capture, data: Path) -> None:
    """The message for a person at a terminal; nothing in it can steer the terminal. why: it cannot be read."""
    output.show(f"Capture: {capture.uuid}")
    output.show(f"SHA-256: {capture.sha256.hex()}")
    output.show(f"Received: {output.when(capture.received)} (by {capture.basis})")
    if capture.source.eol.startswith("rebuilt"):
        output.show(f"Built from: the properties of an item in a {capture.source.eol.split()[-1]} file; --json shows them")
    if capture.report is not None:
        output.show(f"Journal: {capture.report.style}, to {', '.join(r['a'] for r in capture.report.recipients)}")
    for name, value in (
        ("From", read.from_),
        ("To", read.to),
        ("Cc", read.cc),
        ("Subject", read.subject),
        ("Date", read.date),
    ):
        if value:
            output.show(f"{name}: {value}")
    for file in read.attachments:
        output.show(f"Attachment: {file.name or file.part} ({file.type}, {file.size} bytes)")
        for unread in reasons(data, file.digest):
            output.show(f"    unreadable: {unread}")
    for missing in reading_problems(capture):
        output.show(f"Incomplete: {missing}")
    for line in read.among_header.splitlines():
        output.show(f"Among the header, and no field: {line}")
    for line in filter(str.strip, read.around_parts.splitlines()):
        output.show(f"Around the parts: {line}")
    if read.defects:
        output.show(f"Defects: {', '.join(dict.fromkeys(code.replace('-', ' ') for code, _ in read.defects))}")
    output.show("")
    for line in read.text[:MAX_TEXT_CHARS].splitlines():
        output.show(line)
    if len(read.text) > MAX_TEXT_CHARS:
        output.words(f"The text goes on for {len(read.text) - MAX_TEXT_CHARS} characters; --raw gives all of it.")
    if why:
        output.words(f"What the message says cannot be read: {why}. --raw gives its exact bytes.")
