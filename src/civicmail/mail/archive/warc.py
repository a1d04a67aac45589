"""Write and parse WARC 1.1 records (ISO 28500:2017), the content of decrypted, decompressed segments (docs/formats.md).

A capture is a `metadata` record whose block is the head of the receipt byte for byte, then a `resource` record with the exact bytes
of the message, or a `revisit` record when the same segment has these bytes already. An event is a `metadata` record. All values of
named fields are made here from ids, numbers and hashes: a WARC header contains no text of a sender.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass

from civicmail.mail.archive.records import civil

VERSION = b"WARC/1.1\r\n"
_END = b"\r\n\r\n"
_REVISIT_PROFILE = b"http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """One record and its place in a buffer: named fields in lower case, its block, and the start of the next one."""

    fields: dict[bytes, bytes]
    start: int
    stop: int
    end: int

    @property
    def type(self) -> bytes:
        return self.fields[b"warc-type"]


def info(segment: str, class_: str, month: str, created: int, checkpoint: str) -> bytes:
    """The warcinfo record that a segment begins with. created: ms; checkpoint: the newest signed note, empty when there is none."""
    block = (
        f"software: civicmail\r\nformat: WARC File Format 1.1\r\nsegment: {segment}\r\nclass: {class_}\r\nmonth: {month}\r\n"
        f"checkpoint: {base64.b64encode(checkpoint.encode()).decode()}\r\n"
    ).encode()
    return b"".join(
        (
            VERSION,
            b"WARC-Type: warcinfo\r\nWARC-Record-ID: <urn:civicmail:segment:",
            segment.encode(),
            b">\r\nWARC-Date: ",
            date(created),
            b"\r\nContent-Type: application/warc-fields\r\nContent-Length: %d\r\n\r\n" % len(block),
            block,
            _END,
        )
    )


def metadata(journal: str, number: int, id_: bytes, at: int, head: bytes | memoryview) -> list[bytes | memoryview]:
    """The chunks of a metadata record: the head of record `number` of a journal. id_: the capture it is about, or all zero."""
    about = b"WARC-Refers-To: <urn:uuid:%s>\r\n" % str(uuid.UUID(bytes=id_)).encode() if any(id_) else b""
    return [
        VERSION + b"WARC-Type: metadata\r\nWARC-Record-ID: <urn:civicmail:record:%s:%d>\r\n" % (journal.encode(), number),
        about,
        b"WARC-Date: " + date(at),
        b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(head),
        head,
        _END,
    ]


def resource(id_: bytes, at: int, sha256: bytes, size: int) -> bytes:
    """The header of a resource record; the message's bytes and then END follow it."""
    return (
        VERSION
        + b"WARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: " % str(uuid.UUID(bytes=id_)).encode()
        + date(at)
        + b"\r\nWARC-Target-URI: urn:sha256:%b\r\nWARC-Block-Digest: sha256:%b\r\n" % ((sha256.hex().encode(),) * 2)
        + b"Content-Type: message/rfc822\r\nContent-Length: %d\r\n\r\n" % size
    )


END = _END


def revisit(id_: bytes, at: int, sha256: bytes, first: bytes, frame: int, offset: int) -> bytes:
    """A revisit record: the same bytes as the resource of capture `first`, which begins at this offset of that frame."""
    hexadecimal = sha256.hex().encode()
    return (
        VERSION
        + b"WARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: " % str(uuid.UUID(bytes=id_)).encode()
        + date(at)
        + b"\r\nWARC-Target-URI: urn:sha256:%b\r\nWARC-Payload-Digest: sha256:%b\r\n" % (hexadecimal, hexadecimal)
        + b"WARC-Profile: %b\r\n" % _REVISIT_PROFILE
        + b"WARC-Refers-To: <urn:uuid:%s>\r\n" % str(uuid.UUID(bytes=first)).encode()
        + b"Civicmail-Refers-To-Place: %d %d\r\n" % (frame, offset)
        + b"Content-Type: message/rfc822\r\nContent-Length: 0\r\n\r\n"
        + _END
    )


def parse(buffer: bytes, offset: int) -> WarcRecord | None:
    """The record at offset, or None if there is no whole one."""
    if not buffer.startswith(VERSION, offset):
        return None
    start = buffer.find(_END, offset)
    if start < 0:
        return None
    fields = {}
    for line in buffer[offset + len(VERSION) : start].split(b"\r\n"):
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    start += len(_END)
    length = fields.get(b"content-length", b"")
    if b"warc-type" not in fields or not length.isdigit():
        return None
    stop = start + int(length)
    if buffer[stop : stop + len(_END)] != _END:
        return None
    return WarcRecord(fields, start, stop, stop + len(_END))


def about(record: WarcRecord) -> bytes:
    """The capture id that a metadata record refers to; all zero when it refers to none."""
    value = record.fields.get(b"warc-refers-to", b"")
    return uuid.UUID(value[10:-1].decode()).bytes if value.startswith(b"<urn:uuid:") else bytes(16)


def place_of(record: WarcRecord) -> tuple[str, int]:
    """(journal, number) of a metadata record."""
    journal, number = record.fields[b"warc-record-id"][len("<urn:civicmail:record:") : -1].decode().split(":")
    return journal, int(number)


def date(ms: int) -> bytes:
    """ms since 1970 as a W3C date with milliseconds, UTC, for the years 0000 to 9999."""
    days, rest = divmod(ms, 86_400_000)
    seconds, milliseconds = divmod(rest, 1000)
    year, month, day = civil(days)
    return b"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
        year,
        month,
        day,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        milliseconds,
    )
