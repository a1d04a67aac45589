"""The answer to an invitation, as calendars read it (RFC 5546 3.2.3, RFC 5545 3.1, 3.3.11). Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from civicmail.desk.viewer.meeting import Meeting, When

Answer = Literal["ACCEPTED", "TENTATIVE", "DECLINED"]
ANSWERS: tuple[Answer, ...] = ("ACCEPTED", "TENTATIVE", "DECLINED")
MAX_LINE = 75
"""Bytes of a line without its end."""
_IN_TEXT = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def reply(meeting: Meeting, address: str, name: str, answer: Answer, *, now: int) -> bytes:
    """address, name: of the guest; now: ms. The meeting has an organizer and a uid."""
    assert meeting.organizer is not None
    common_name = f';CN="{_quoted(name)}"' if name else ""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Civicmail//My mail//EN",
        "METHOD:REPLY",
        "BEGIN:VEVENT",
        f"UID:{_text(meeting.uid)}",
        f"DTSTAMP:{_utc(now)}",
        f"SEQUENCE:{meeting.sequence}",
        *_instance(meeting.instance),
        f"SUMMARY:{_text(meeting.title)}",
        f"ORGANIZER:mailto:{meeting.organizer.address}",
        f"ATTENDEE{common_name};PARTSTAT={answer}:mailto:{address}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(fold_line(line) for line in lines)


def fold_line(line: str) -> bytes:
    """Fold a line into pieces of at most 75 bytes, never within a character."""
    pieces: list[bytes] = []
    held = b""
    for character in line:
        octets = character.encode("utf-8", "replace")
        if len(held) + len(octets) > MAX_LINE - (1 if pieces else 0):
            pieces.append(held)
            held = b""
        held += octets
    return b"\r\n ".join([*pieces, held]) + b"\r\n"


def _instance(when: When) -> list[str]:
    """The instance of a series."""
    if when.ms is not None:
        return [f"RECURRENCE-ID:{_utc(when.ms)}"]
    if when.day:
        return [f"RECURRENCE-ID;VALUE=DATE:{when.day.replace('-', '')}"]
    return [f"RECURRENCE-ID:{when.clock.replace('-', '').replace(':', '')}00"] if when.clock else []


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    return "".join(c for c in text.translate(_IN_TEXT) if c.isprintable() or c == " ")


def _quoted(name: str) -> str:
    """A parameter has no quotation mark and no line end (RFC 5545 3.2)."""
    return "".join(c for c in name if c.isprintable() and c != '"')
