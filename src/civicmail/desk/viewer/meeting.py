"""A meeting from an invitation (RFC 5545, RFC 5546).
Times are ms since 1970, or a day for all-day events, or a local time without a zone if the sender named none.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.core.sandbox.service import EpochMs

METHODS = ("REQUEST", "CANCEL", "REPLY", "PUBLISH", "ADD", "COUNTER", "REFRESH", "DECLINECOUNTER")
ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE", "NEEDS-ACTION", "DELEGATED")


@dataclass(frozen=True, slots=True)
class Guest:
    """address: lower case; name: may be empty; answer: of ANSWERS; needed: not only optional or for information."""

    address: str
    name: str = ""
    answer: str = "NEEDS-ACTION"
    needed: bool = True


@dataclass(frozen=True, slots=True)
class When:
    """One of: ms; day "2026-12-01"; clock "2026-12-01T09:00" without a zone. All empty: nothing usable."""

    ms: EpochMs | None = None
    day: str = ""
    clock: str = ""

    def __bool__(self) -> bool:
        return self.ms is not None or bool(self.day or self.clock)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Recurrence. every: SECONDLY … YEARLY, empty for once; step: interval; on: weekdays, "MO" or "2TU"; count, until: its end;
    besides: it has dates of its own, added or left out."""

    every: str = ""
    step: int = 1
    on: tuple[str, ...] = ()
    count: int = 0
    until: When = When()
    besides: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """failed: the calendar cannot be read, and everything else is empty. method: of METHODS; end: the last day for all-day
    events; instance: of a series, empty for all of it; others: further meetings in the same calendar."""

    method: str = ""
    uid: str = ""
    sequence: int = 0
    title: str = ""
    place: str = ""
    start: When = When()
    end: When = When()
    repeats: Repeats = Repeats()
    organizer: Guest | None = None
    guests: tuple[Guest, ...] = ()
    guests_left: int = 0
    instance: When = When()
    canceled: bool = False
    others: int = 0
    failed: bool = False


UNREADABLE = Meeting(failed=True)
