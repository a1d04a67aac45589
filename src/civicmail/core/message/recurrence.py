"""The recurrence of an Outlook appointment as an iCalendar rule and in words (MS-OXOCAL 2.2.1.44.1, RFC 5545 3.3.10). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)  # minutes are counted from here
_DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_DAILY, _WEEKLY, _MONTHLY, _YEARLY = 0x200A, 0x200B, 0x200C, 0x200D
_FREQUENCY = {_DAILY: ("DAILY", "day"), _WEEKLY: ("WEEKLY", "week"), _MONTHLY: ("MONTHLY", "month"), _YEARLY: ("YEARLY", "year")}
_BY_DATE, _BY_COUNT = 0x2021, 0x2022
_ORDER = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "last"}
_COUNTED_IN = {_DAILY: 1440, _YEARLY: 12}  # minutes, months


@dataclass(frozen=True, slots=True)
class Rule:
    """rule: the value of RRULE; words: the same for people."""

    rule: str
    words: str


def read(data: bytes) -> Rule | None:
    """Parse a recurrence pattern. None if it is invalid, or iCalendar has no rule for it (lunar calendars)."""
    try:
        frequency, pattern, _calendar, _first, period, _sliding = struct.unpack_from("<HHHIII", data, 4)
        at = 22
        detail: tuple[int, ...] = ()
        if pattern:
            detail = struct.unpack_from("<II" if pattern == 3 else "<I", data, at)
            at += 4 * len(detail)
        end, count, _week, deleted = struct.unpack_from("<IIII", data, at)
        at += 16 + 4 * deleted
        (modified,) = struct.unpack_from("<I", data, at)
        start, until = struct.unpack_from("<II", data, at + 4 + 4 * modified)
    except struct.error:
        return None
    if frequency not in _FREQUENCY or pattern not in {0, 1, 2, 3, 4} or not period:
        return None
    if frequency == _DAILY and pattern == 1:
        frequency = _WEEKLY  # every weekday
    elif pattern != 1:
        period = max(1, period // _COUNTED_IN.get(frequency, 1))
    rule, words = _when(frequency, pattern, period, detail, start)
    if end == _BY_COUNT:
        return Rule(f"{rule};COUNT={count}", f"{words}, {count} times")
    if end == _BY_DATE and (last := _day(until)):
        return Rule(f"{rule};UNTIL={last:%Y%m%d}T235959Z", f"{words}, until {last:%-d %B %Y}")
    return Rule(rule, words)


def _when(frequency: int, pattern: int, interval: int, detail: tuple[int, ...], start: int) -> tuple[str, str]:
    """detail: the days of the week as bits and which of them, or the day of the month; start: the first day, in minutes."""
    name, unit = _FREQUENCY[frequency]
    rule = [f"FREQ={name}"]
    words = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    if interval > 1:
        rule.append(f"INTERVAL={interval}")
    if pattern in {1, 3}:
        days = [day for day in range(7) if detail[0] >> day & 1]
        rule.append("BYDAY=" + ",".join(_DAYS[day] for day in days))
        shown = ", ".join(_NAMES[day] for day in days)
        if pattern == 3:
            rule.append(f"BYSETPOS={-1 if detail[1] == 5 else detail[1]}")
            words += f" on the {_ORDER.get(detail[1], str(detail[1]))} {shown}"
        else:
            words += f" on {shown}"
    elif pattern in {2, 4}:
        rule.append("BYMONTHDAY=-1" if pattern == 4 or detail[0] > 31 else f"BYMONTHDAY={detail[0]}")
        words += " on the last day" if pattern == 4 or detail[0] > 31 else f" on day {detail[0]}"
    if frequency == _YEARLY and (first := _day(start)):
        rule.append(f"BYMONTH={first.month}")
        words += f" of {first:%B}"
    return ";".join(rule), words


def _day(minutes: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(minutes=minutes)
    except OverflowError:
        return None
