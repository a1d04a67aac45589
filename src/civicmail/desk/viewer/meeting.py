"""A meeting from an invitation (RFC 5545, RFC 5546). Plain shapes that travel as JSON.

Times are ms since 1970, or a day for all-day events, or a local time without a zone if the sender named none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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

    ms: int | None = None
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

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Meeting:
        """From plain(). Raises TypeError, KeyError, ValueError for anything else."""
        values = dict(plain)
        for name in ("start", "end", "instance"):
            values[name] = When(**values[name])
        repeats = dict(values["repeats"])
        values["repeats"] = Repeats(**{**repeats, "on": tuple(repeats["on"]), "until": When(**repeats["until"])})
        values["organizer"] = Guest(**values["organizer"]) if values["organizer"] else None
        values["guests"] = tuple(Guest(**guest) for guest in values["guests"])
        return cls(**values)


UNREADABLE = Meeting(failed=True)
