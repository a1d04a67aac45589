"""Values of number operators: sizes, dates, time spans. Results are integers: bytes, or ms since 1970 UTC.

Each reader raises ValueError with the words "a size such as …", which the parser makes a sentence of.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from civicmail.core.config.sentence import sentence

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?)([kmg]?)b?", re.IGNORECASE)
_UNIT = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DATE = re.compile(r"(\d{4})(?:([-/])(\d{1,2})(?:\2(\d{1,2}))?)?")
_SPAN = re.compile(r"(\d{1,6})([hdwmy])", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

A_SIZE = sentence("a size such as 10M, 200k or 4096")
A_DATE = sentence("a date such as 2024-03-01, 2024-03 or 2024")
A_RANGE = sentence("dates such as 2024-03-01..2024-03-31 or 2024-03")
A_SPAN = sentence("a span such as 7d, 2w, 6m or 1y")


def size(text: str) -> int:
    """Bytes; k, M and G are powers of 1024."""
    if not (match := _SIZE.fullmatch(text)):
        raise ValueError(A_SIZE)
    return int(float(match[1]) * _UNIT[match[2].lower()])


def date(text: str) -> tuple[int, int]:
    """First and last millisecond (UTC) of a day, a month or a year."""
    if not (match := _DATE.fullmatch(text)):
        raise ValueError(A_DATE)
    year, month, day = int(match[1]), int(match[3] or 1), int(match[4] or 1)
    try:
        start = datetime(year, month, day, tzinfo=UTC)
        if match[4]:
            end = start + timedelta(days=1)
        elif match[3]:
            end = _months_later(start, 1)
        else:
            end = _months_later(start, 12)
    except (ValueError, OverflowError):
        raise ValueError(A_DATE) from None
    return _ms(start), _ms(end) - 1


def dates(text: str) -> tuple[int | None, int | None]:
    """A range a..b with both ends included and either end left open, or one date alone."""
    if ".." not in text:
        return date(text)
    first, _, last = text.partition("..")
    if not first and not last:
        raise ValueError(A_RANGE)
    try:
        return (date(first)[0] if first else None), (date(last)[1] if last else None)
    except ValueError:
        raise ValueError(A_RANGE) from None


def before_now(text: str, now: datetime) -> int:
    """The time, ms, that is a span (hours, days, weeks, calendar months, years) before now; never before 1970."""
    if not (match := _SPAN.fullmatch(text)):
        raise ValueError(A_SPAN)
    number, unit = int(match[1]), match[2].lower()
    try:
        if unit in "my":
            moment = _months_later(now, -number * (12 if unit == "y" else 1))
        else:
            moment = now - timedelta(hours=number * {"h": 1, "d": 24, "w": 168}[unit])
    except (ValueError, OverflowError):
        return 0
    return max(0, _ms(moment))


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of that month where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    for day in range(moment.day, moment.day - 4, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise ValueError(f"year {year} is outside the calendar")


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
