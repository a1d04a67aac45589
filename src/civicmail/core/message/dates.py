"""Parse dates of header fields to UTC: RFC 5322 3.3, the obsolete forms of 4.3, and broken forms seen in mail.

An uncertain date is None, never a guess at the day.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mrz mär", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for name in names.split()
}
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 60, "west": 60, "ist": 330, "cet": 60, "met": 60, "mez": 60,
    "cest": 120, "mest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "jst": 540, "kst": 540, "hst": -600,
    "akst": -540, "akdt": -480, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip

_TIME = r"(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d{1,9})?)?(?:\s{0,5}([AaPp])\.?[Mm]\b\.?)?"
_ZONE = r"\s{0,20}(?:(?:GMT|UTC|UT)?([+-])\s?(\d{1,2}):?(\d{2})|([A-Za-z]{1,5})\b)?"
_RFC = re.compile(r"(?<!\d)(\d{1,2})[\s.-]{1,20}([A-Za-zä]{3,9})\.?[\s,-]{1,20}(\d{2,4})[\s,]{1,20}" + _TIME + _ZONE)
_ASCTIME = re.compile(r"([A-Za-z]{3,9})\.?\s{1,20}(\d{1,2}),?\s{1,20}" + _TIME + _ZONE + r"\s{1,20}(\d{4})" + _ZONE)
_AMERICAN = re.compile(r"([A-Za-z]{3,9})\.?\s{1,20}(\d{1,2}),?\s{1,20}(\d{4}),?\s{1,20}(?:at\s)?" + _TIME + _ZONE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[T\s]\s{0,5}" + _TIME + _ZONE)
_COMMENT = re.compile(r"\([^()]*\)")
_LONGEST = 1_000


def parse(value: str) -> datetime | None:
    """The instant of a date field, aware and in UTC; None if it has none. Never raises."""
    value = value[:_LONGEST]
    try:
        match = _RFC.search(value)
        if match is None and "(" in value:
            value = _COMMENT.sub(" ", value)
            match = _RFC.search(value)
        if match is not None:
            day, month, year, *clock = match.groups()
            return _instant(_year(year), _MONTHS.get(month[:3].lower(), 0), int(day), clock)
        return _unusual(value)
    except (ValueError, OverflowError):
        return None


def received(value: str) -> datetime | None:
    """The date of a Received field: behind its last semicolon (RFC 5321 4.4), or the last one in it."""
    _, semicolon, tail = value.rpartition(";")
    return parse(tail) if semicolon else parse(value[-100:])


def _unusual(value: str) -> datetime | None:
    if match := _ASCTIME.search(value):
        month, day, *clock = match.groups()
        year, zone = clock[8], clock[9:]
        return _instant(int(year), _MONTHS.get(month[:3].lower(), 0), int(day), clock[:4] + (zone if any(zone) else clock[4:8]))
    if match := _AMERICAN.search(value):
        month, day, year, *clock = match.groups()
        return _instant(int(year), _MONTHS.get(month[:3].lower(), 0), int(day), clock)
    if match := _ISO.search(value):
        year, month, day, *clock = match.groups()
        return _instant(int(year), int(month), int(day), clock)
    return None


def _year(digits: str) -> int:
    """RFC 5322 4.3: two digits mean 1950 to 2049, three count from 1900."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _instant(year: int, month: int, day: int, clock: list[str | None]) -> datetime:
    hour, minute, second, half, sign, zone_hours, zone_minutes, zone_name = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "pP" else 0)
    # A leap second counts as the last second of its minute.
    seconds = min(int(second or 0), 59) if int(second or 0) <= 60 else 60
    local = datetime(year, month, day, hours, int(minute or 0), seconds, tzinfo=UTC)
    offset = 0
    if sign:
        offset = int(zone_hours or 0) * 60 + int(zone_minutes or 0)
        # Beyond a day it is no zone but noise; RFC 5322 reads an unknown zone as -0000.
        offset = 0 if offset >= 24 * 60 else -offset if sign == "-" else offset
    elif zone_name:
        offset = _ZONES.get(zone_name.lower(), 0)
    return local - timedelta(minutes=offset) if offset else local
