"""Whose the days of a request were: worked, waiting for the requester, waiting because of the law, idle.

The four add up to the working days since receipt, so that no idle day is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from civicmail.city.law.calendar import Calendar, days_between

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stood still. start: the day on which it began; end: its last day, None while it lasts."""

    reason: str
    start: date
    end: date | None = None

    def days(self, until: date | None = None) -> Iterator[date]:
        """The days of the pause: the day on which it begins still counts. until: the last day that is known, for one that lasts."""
        return days_between(self.start, min(filter(None, (self.end, until)), default=self.start))


@dataclass(frozen=True, slots=True)
class Account:
    """Working days since receipt, by what happened on them. idle: those days, for the owner of the request."""

    worked: int
    requester: int
    law: int
    idle: tuple[date, ...]

    @property
    def elapsed(self) -> int:
        return self.worked + self.requester + self.law + len(self.idle)


def account(
    calendar: Calendar,
    received: date,
    until: date,
    waits: Collection[tuple[date, Literal["requester", "law"]]],
    worked: Collection[date],
) -> Account:
    """Divide the working days after receipt, up to and with `until`. A day that was worked is no waiting day; a day that waits for
    both waits for the law."""
    counts = {"worked": 0, "requester": 0, "law": 0}
    idle = []
    for day in days_between(received, until):
        if not calendar.is_working(day):
            continue
        if day in worked:
            counts["worked"] += 1
        elif (day, "law") in waits:
            counts["law"] += 1
        elif (day, "requester") in waits:
            counts["requester"] += 1
        else:
            idle.append(day)
    return Account(counts["worked"], counts["requester"], counts["law"], tuple(idle))


def after(start: date, length: int, counts: Callable[[date], bool]) -> date:
    """The last of so many counting days after start; start itself for none."""
    end = start
    while length:
        end += _DAY
        length -= counts(end)
    return end
