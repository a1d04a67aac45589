"""The reveals of a week that the auditor reviews: all if they are fewer than twenty, else twenty, or a tenth if that is more (I3).

The choice depends on the week and the random ids of the entries, which cannot be changed: it is the same for everyone, and
unpredictable for the person who reveals content. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256

ALL_BELOW = 20
YEARS = (1990, 2200)
"""The range of years of weeks."""


def sample(week: str, entries: Iterable[str]) -> list[str]:
    """The ids (UUID) of the sample, in order. week: as named by name_of."""
    drawn = sorted(set(entries), key=lambda id_: sha256(f"{week} {id_}".encode()).digest())
    return drawn if len(drawn) < ALL_BELOW else drawn[: max(ALL_BELOW, len(drawn) // 10)]


def name_of(day: date) -> str:
    """The week of a day as ISO 8601 names it: "2026-W48"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(week: str) -> date | None:
    """Its first day; None for words that name no week."""
    year, _, number = week.partition("-W")
    if not (year.isascii() and year.isdigit() and number.isascii() and number.isdigit() and len(week) == 8):
        return None
    try:
        return date.fromisocalendar(int(year), int(number), 1) if YEARS[0] <= int(year) <= YEARS[1] else None
    except ValueError:
        return None


def last_whole(today: date) -> str:
    """The week before this one: the newest that is over."""
    return name_of(today - timedelta(days=7))
