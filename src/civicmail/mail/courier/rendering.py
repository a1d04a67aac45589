"""Render the outgoing bytes: the archived bytes, our added lines in front, strangers' verdicts removed, line ends of the next hop.

The archived bytes never change. The `delivered` record contains all changes ("sent", docs/formats.md "What left"), and one function
makes the bytes from it, to send them now and to rebuild them later (promise 2, `show --as-sent`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

from civicmail.city.policy.dispositions import Finding
from civicmail.city.snapshot.sender_alignment import is_correction
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import header_scan
from civicmail.core.wire.dotstuff import Conformer
from civicmail.mail.archive.records import EDGE, Capture
from civicmail.mail.courier import notice_headers
from civicmail.mail.courier.archived_message import ArchivedMessage

_WITH = {"smtp": "SMTP", "esmtp": "ESMTP", "lmtp": "LMTP"}
SEALED = "It left encrypted for its reader ({way}), and only they can open what left; its content is the kept message."
_DAMAGED = "What left cannot be rebuilt: the bytes do not have the SHA-256 that was recorded when they were sent."


def render(kept: Iterable[bytes], sent: Mapping[str, Any]) -> Iterator[bytes]:
    """The outgoing bytes: the added lines, then the archived bytes with removals and replacements, with the line end that `sent`
    names."""
    lf = sent["eol"] == "lf"
    if sent["prepend"]:
        end = "\n" if lf else "\r\n"
        yield "".join(f"{line}{end}" for line in sent["prepend"]).encode("utf-8", "surrogateescape")
    conformer = Conformer()
    for piece in edited(kept, _edits(sent)):
        if clean := conformer.feed(piece):
            yield clean.replace(b"\r\n", b"\n") if lf else clean
    if last := conformer.end():
        yield last.replace(b"\r\n", b"\n") if lf else last


def _edits(sent: Mapping[str, Any]) -> list[tuple[int, int, bytes]]:
    """Begin and end of each removal or replacement, and its new bytes."""
    gone = [(r["offset"], r["offset"] + r["length"], b"") for r in sent.get("removed", ())]
    return sorted(gone + [(at, at + length, text.encode("ascii")) for at, length, text in sent.get("replaced", ())])


def edited(pieces: Iterable[bytes], edits: Sequence[tuple[int, int, bytes]]) -> Iterator[bytes]:
    """The pieces of a message with other bytes in some places, which do not overlap and are in order."""
    at = done = 0
    waiting = list(reversed(edits))
    for piece in pieces:
        end = at + len(piece)
        while waiting and waiting[-1][0] < end:
            low, high, text = waiting.pop()
            if low > max(done, at):
                yield piece[max(done, at) - at : low - at]
            done = max(done, high, low)
            if text:
                yield text
        if done < end:
            yield piece[max(done, at) - at :]
        at = end
    for _, _, text in reversed(waiting):
        yield text


def without(pieces: Iterable[bytes], removed: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """The pieces of a message without some fields: `offset` and `length` of each, in the order of the message."""
    at, spans = 0, [(r["offset"], r["offset"] + r["length"]) for r in removed]
    for piece in pieces:
        begin, end, start = at, at + len(piece), at
        for low, high in spans:
            if low < end and high > begin:
                if low > start:
                    yield piece[start - begin : low - begin]
                start = max(start, min(high, end))
        if start < end:
            yield piece[start - begin :]
        at = end


def fields_to_remove(kept: ArchivedMessage, host: str, *, inside: bool) -> list[dict[str, Any]]:
    """Fields that must not leave, as `removed` of a `delivered` record: corrected sender fields; and for a reader of ours, fields
    forged in our name and verdicts that no edge server of ours has vouched for."""
    findings = kept.capture.findings
    gone = {r["offset"]: r for r in corrected(findings)[1]}
    if inside:
        believed = any(f.check == EDGE for f in findings)
        gone |= {r["offset"]: r for r in notice_headers.foreign_fields(kept.header(), host, believed=believed)}
    return [gone[offset] for offset in sorted(gone)]


def corrected(findings: Iterable[Finding]) -> tuple[list[str], list[dict[str, Any]]]:
    """Corrections of a message's sender (P-14): the added lines, and the fields that they replace."""
    lines: list[str] = []
    gone: list[dict[str, Any]] = []
    for f in findings:
        if is_correction(f):
            lines += f.mask.split("\n") if f.mask else []
            gone += [{"name": f.code.partition(":")[2], "offset": f.offset, "length": f.length}] if f.length else []
    return lines, sorted(gone, key=lambda field: int(field["offset"]))


def as_sent(kept: Iterable[bytes], facts: Mapping[str, Any]) -> bytes:
    """Exactly what left, from the kept bytes and the facts of its `delivered` record; DamagedFile when it does not agree."""
    if way := facts["sent"].get("sealed"):
        raise DamagedFile(SEALED.format(way=way))
    content = b"".join(render(kept, facts["sent"]))
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise DamagedFile(_DAMAGED)
    return content


def header_lines(capture: Capture, host: str, recipients: list[str], *, final: bool, notes: Sequence[str] = ()) -> list[str]:
    """The header lines in front: our Received (RFC 5321 4.4), at final delivery Return-Path, notices for the reader
    (notice_headers.py), and corrections of the sender.

    The recipient is named only if there is exactly one, so that nobody learns of another's copy (promise 4). An LMTP server adds
    Return-Path itself, so final means a mailbox of ours.
    """
    e = capture.envelope
    lines = [f"Return-Path: <{e.sender}>"] if final else []
    client = f"from {_safe_token(e.helo) or 'unknown'} ([{_safe_token(e.client)}]) " if e.client else ""
    with_ = _WITH.get(e.protocol, "")
    if with_ and with_ != "SMTP":
        with_ += "S" * bool(e.tls) + "A" * bool(e.login)
    lines.append(f"Received: {client}by {host}")
    lines.append(f"\t{f'with {with_} ' if with_ else ''}id {capture.uuid}")
    if len(recipients) == 1:
        lines.append(f"\tfor <{recipients[0]}>")
    lines[-1] += ";"
    lines.append(f"\t{format_datetime(datetime.fromtimestamp(capture.received // 1000, UTC))}")
    return [*lines, *notes, *corrected(capture.findings)[0]]


def missing_fields(kept: ArchivedMessage, host: str) -> list[str]:
    """Date and Message-ID for a message of the city without them, as printers and scripts send: outside systems reject such mail
    (RFC 5322 3.6, RFC 6409 8.2 and 8.3). The lines are the same for each copy. Strangers' messages stay as they are. So do messages
    of another mail system of the city, because with our number its copy by another route would be another message."""
    capture = kept.capture
    if capture.source.kind not in ("submission", "relay"):
        return []
    there = header_scan.firsts(kept.header(), ("date", "message-id"))
    if capture.source.kind == "relay" and "message-id" in there:
        return []
    lines = {
        "date": f"Date: {format_datetime(datetime.fromtimestamp(capture.received // 1000, UTC))}",
        "message-id": f"Message-ID: <{capture.uuid}@{host}>",
    }
    return [line for name, line in lines.items() if name not in there]


def sent_facts(
    eol: Literal["crlf", "lf"],
    prepend: list[str],
    removed: list[dict[str, Any]] | None = None,
    replaced: list[list[Any]] | None = None,
) -> dict[str, Any]:
    """The `sent` object of a `delivered` record."""
    sent: dict[str, Any] = {"eol": eol, "prepend": prepend}
    return sent | ({"removed": removed} if removed else {}) | ({"replaced": replaced} if replaced else {})


def _safe_token(text: str) -> str:
    """A peer's own words in a form that is safe in a structured header field."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-_:") else "?" for c in text[:255])
