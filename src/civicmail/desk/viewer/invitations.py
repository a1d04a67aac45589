"""Read the invitation in a message into a meeting (meeting.py). Runs in a sandboxed process, because senders control its input.

Time zones are those that the calendar names, as IANA or Outlook names, else as the calendar itself describes them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from civicmail.core.message import mime_tree, structure
from civicmail.core.message.mime_tree import Node
from civicmail.desk.viewer import message_parts
from civicmail.desk.viewer.meeting import ANSWERS, METHODS, UNREADABLE, Guest, Meeting, Repeats, When

MAX_SIZE = 1 << 20
"""Bytes of a calendar that is read."""
MAX_GUESTS = 100
"""People of a meeting that are named."""
_LONGEST = 1_000  # characters of a title, a place, a name
_TYPES = frozenset({"text/calendar", "application/ics"})
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "MINUTELY", "SECONDLY")


def invitation(content: bytes, *, path: str = "") -> Meeting | None:
    """The invitation of a message, or of one attached to it; None if there is none. content: the whole message."""
    message = message_parts.message_at(structure.parse(content), path)
    node = next((n for n in message.nodes if _is_calendar(n)), None) if message is not None else None
    if message is None or node is None:
        return None
    return meeting(mime_tree.content(message.raw, node, []))


def meeting(calendar: bytes) -> Meeting:
    """Whatever the bytes are."""
    if len(calendar) > MAX_SIZE:
        return UNREADABLE
    try:
        return _read(calendar)
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - a parser of others may raise anything at hostile bytes
        return UNREADABLE


def _is_calendar(node: Node) -> bool:
    return node.content_type in _TYPES or (node.filename.lower().endswith(".ics") and not node.container)


def _read(calendar: bytes) -> Meeting:
    from icalendar import Calendar  # a third of a second, and few messages need it

    parsed = Calendar.from_ical(calendar.decode("utf-8-sig", "replace"))
    events = list(parsed.walk("VEVENT"))
    if not events:
        return UNREADABLE
    event = next((e for e in events if e.get("recurrence-id") is None), events[0])
    method = _text(parsed.get("method")).upper()
    guests = [guest for value in _several(event.get("attendee")) if (guest := _guest(value))]
    start, end = _when(event.get("dtstart")), _end(event)
    return Meeting(
        method=method if method in METHODS else "PUBLISH",
        uid=str(event.get("uid", ""))[:_LONGEST],
        sequence=_number(event.get("sequence")),
        title=_text(event.get("summary")),
        place=_text(event.get("location")),
        start=start,
        end=end,
        repeats=_repeats(event),
        organizer=_guest(event.get("organizer")),
        guests=tuple(guests[:MAX_GUESTS]),
        guests_left=max(0, len(guests) - MAX_GUESTS),
        instance=_when(event.get("recurrence-id")),
        canceled=method == "CANCEL" or _text(event.get("status")).upper() == "CANCELLED",
        others=len({str(e.get("uid", "")) for e in events}) - 1,
    )


def _text(value: Any) -> str:
    """One line of visible text."""
    if value is None or isinstance(value, list):
        return ""
    text = str(value)[: 4 * _LONGEST]
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return " ".join(seen.split())[:_LONGEST]


def _number(value: Any) -> int:
    try:
        return min(max(int(value), 0), 2**31)
    except (TypeError, ValueError):
        return 0


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else () if value is None else (value,)


def _guest(value: Any) -> Guest | None:
    """A guest with a mailto: address; others cannot be written to."""
    text = _text(value)
    address = text[7:].lower() if text[:7].lower() == "mailto:" else text.lower()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or " " in address or len(address) > 320:
        return None
    parameters = getattr(value, "params", {})
    answer = _text(parameters.get("PARTSTAT")).upper()
    needed = _text(parameters.get("ROLE")).upper() not in ("OPT-PARTICIPANT", "NON-PARTICIPANT")
    return Guest(address, _text(parameters.get("CN")), answer if answer in ANSWERS else "NEEDS-ACTION", needed)


def _when(value: Any) -> When:
    return _moment(getattr(value, "dt", None))


def _moment(at: Any) -> When:
    if isinstance(at, datetime):
        if at.tzinfo is None:
            return When(clock=at.strftime("%Y-%m-%dT%H:%M")) if at.year >= 1000 else When()
        seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        return When(ms=int(seconds) * 1000) if 0 <= seconds < 32_503_680_000 else When()
    if isinstance(at, date):
        return When(day=at.isoformat())
    return When()


def _end(event: Any) -> When:
    """The last day: the calendar names the day after (RFC 5545 3.6.1)."""
    start, end = getattr(event.get("dtstart"), "dt", None), getattr(event.get("dtend"), "dt", None)
    length = getattr(event.get("duration"), "dt", None)
    if end is None and isinstance(length, timedelta) and isinstance(start, date):
        end = start + length
    if isinstance(end, date) and not isinstance(end, datetime):
        return (
            _moment(max(end - timedelta(days=1), start)) if isinstance(start, date) and not isinstance(start, datetime) else When()
        )
    return _moment(end)


def _repeats(event: Any) -> Repeats:
    rules = list(_several(event.get("rrule")))
    besides = event.get("rdate") is not None or event.get("exdate") is not None or len(rules) > 1
    if not rules:
        return Repeats(besides=besides)
    rule = rules[0]
    every = _first(rule, "FREQ").upper()
    until = next(iter(_several(rule.get("UNTIL"))), None)
    on = tuple(_text(day).upper().lstrip("+") for day in _several(rule.get("BYDAY")))[:7]
    known = every in _FREQUENCIES
    return Repeats(
        every=every if known else "",
        step=max(_number(_first(rule, "INTERVAL")), 1),
        on=on,
        count=_number(_first(rule, "COUNT")),
        until=_moment(until),
        besides=besides
        or not known
        or any(name in rule for name in ("BYMONTHDAY", "BYSETPOS", "BYMONTH", "BYWEEKNO", "BYYEARDAY")),
    )


def _first(rule: Any, name: str) -> str:
    return _text(next(iter(_several(rule.get(name))), None))
