"""Retention schedules: period, approval and expiry of each class of captures (P-23).

A capture may have several classes, because it is retained for the longest period of its people's classes and of classes to which it
was raised. An obstacle of any of them (no schedule, an expired one, a missing notice) prevents disposal.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from typing import Any, Literal

from civicmail.city.law.errors import BadSchedule

MIN_YEARS = 7  # Wis. Stat. 19.21(4)(b): less only with the approval of the Public Records Board
MAX_APPROVAL_YEARS = 10  # 16.61(4)
NOTICE = timedelta(days=60)  # 19.21(4)(a), to the State Historical Society
LATEST = 253_402_300_799_999  # ms: the last moment of the year 9999
_EPOCH = date(1970, 1, 1)
_BEGIN = re.compile(r"\s*\[\[\s*schedule\s*\]\]")
_NEEDED = {"class", "id", "title", "approval", "approved", "expires"}
_KNOWN = _NEEDED | {"years", "days", "permanent", "trigger", "board", "historical", "notified", "addresses"}
Obstacle = Literal["due", "not yet", "permanent", "no schedule", "expired", "notice"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One records series. years and days: after the trigger; notified: when the Historical Society was notified."""

    class_: str
    id: str
    title: str
    years: int
    days: int
    permanent: bool
    trigger: str  # received | year-end
    approval: str
    board: str
    approved: date
    expires: date
    historical: str  # waived | notify
    notified: date | None
    addresses: tuple[str, ...]

    def due(self, received: int) -> int:
        """When the period ends, ms since 1970, for a capture received at that ms; the end of time for permanent series."""
        if self.permanent:
            return LATEST
        day, rest = divmod(max(received, 0), 86_400_000)
        try:
            start = _EPOCH + timedelta(days=day)
            if self.trigger == "year-end":
                start, rest = date(start.year + 1, 1, 1), 0
            end = _years_later(start, self.years) + timedelta(days=self.days)
        except (OverflowError, ValueError):
            return LATEST
        return (end - _EPOCH).days * 86_400_000 + rest

    def over_before(self, now: int) -> int:
        """The period is over at `now` for what was received before this time; 0 for nothing. Both ms."""
        return bisect_right(range(max(now, 0) + 1), now, key=self.due)

    def obstacle_on(self, today: date) -> Obstacle | None:
        """Why nothing of this series may be disposed of on this day, or None."""
        if self.permanent:
            return "permanent"
        if not self.approved <= today <= self.expires:
            return "expired"
        if self.historical == "notify" and (self.notified is None or today < self.notified + NOTICE):
            return "notice"
        return None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a capture is due. class_: the one with the longest period; due: the end of its period; schedule: None without one."""

    class_: str
    due: int
    why: Obstacle
    schedule: Schedule | None

    @property
    def is_due(self) -> bool:
        return self.why == "due"


class Schedules:
    """All series in force together."""

    def __init__(self, series: Iterable[Schedule]) -> None:
        self.by_class: Mapping[str, Schedule] = {s.class_: s for s in series}
        self._of_address = [(address, s.class_) for s in self.by_class.values() for address in s.addresses]

    def classes_of(self, addresses: Iterable[str]) -> set[str]:
        """The classes that mail has because of whose it is."""
        if not self._of_address:
            return set()
        folded = [a.lower() for a in addresses]
        return {
            class_
            for pattern, class_ in self._of_address
            if any(a == pattern or (pattern.startswith("@") and a.endswith(pattern)) for a in folded)
        }

    def earliest_due(self, received: int) -> int:
        """Before this time nothing that was received then is due, whatever its class."""
        return min((s.due(received) for s in self.by_class.values()), default=LATEST)

    def longest_kept_class(self, classes: Collection[str], received: int) -> str:
        """The class that keeps longest what was received at this time; one without a schedule keeps for ever."""
        return max(sorted(classes), key=lambda c: self.by_class[c].due(received) if c in self.by_class else LATEST + 1)

    def decide(self, classes: Collection[str], received: int, now: int) -> Decision:
        """Whether a capture of these classes is due; no if there is doubt about any of them. Times are ms since 1970."""
        longest = self.longest_kept_class(classes, received)
        known = [self.by_class[c] for c in classes if c in self.by_class]
        due = max((s.due(received) for s in known), default=LATEST)
        schedule = self.by_class.get(longest)
        if len(known) < len(set(classes)):
            return Decision(longest, LATEST, "no schedule", schedule)
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        for series in known:
            if (why := series.obstacle_on(today)) is not None:
                return Decision(longest, due, why, schedule)
        return Decision(longest, due, "due" if due <= now else "not yet", schedule)


def parse(text: str) -> Schedules:
    """Read a file of schedules (TOML, see schedules.toml). Raises BadSchedule."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSchedule(f"The schedules are no TOML: {error}.") from None
    if set(plain) - {"schedule"} or not isinstance(plain.get("schedule"), list) or not plain["schedule"]:
        raise BadSchedule("A file of schedules has [[schedule]] tables and nothing else.")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _BEGIN.match(line)]
    places = [f" (line {n})" for n in lines] if len(lines) == len(plain["schedule"]) else []  # else a text has such a line, too
    numbered = zip_longest(plain["schedule"], places, fillvalue="")
    series = [_schedule(table, f"Schedule {n}{place}") for n, (table, place) in enumerate(numbered, 1)]
    for what, names in (("class", [s.class_ for s in series]), ("id", [s.id for s in series])):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise BadSchedule(f"There are two schedules with the {what} {min(twice)}.")
    return Schedules(series)


def _schedule(table: Any, name: str) -> Schedule:
    if not isinstance(table, dict):
        raise BadSchedule(f"{name} is no table.")
    if unknown := set(table) - _KNOWN:
        raise BadSchedule(f"{name} has {min(unknown)}, which is not known.")
    schedule = Schedule(
        _get(table, name, "class", str),
        _get(table, name, "id", str),
        _get(table, name, "title", str),
        _get(table, name, "years", int, 0),
        _get(table, name, "days", int, 0),
        _get(table, name, "permanent", bool, False),
        _get(table, name, "trigger", str, "received"),
        _get(table, name, "approval", str),
        _get(table, name, "board", str, ""),
        _get(table, name, "approved", date),
        _get(table, name, "expires", date),
        _get(table, name, "historical", str, "notify"),
        _get(table, name, "notified", date) if "notified" in table else None,
        tuple(str(a).lower() for a in _get(table, name, "addresses", list, [])),
    )
    _check(schedule, name)
    return schedule


def _check(s: Schedule, name: str) -> None:
    wrong = {
        "class and id cannot be empty": not (s.class_ and s.id and s.approval.strip()),
        "it needs years, days or permanent = true, and only one kind of end": s.permanent == bool(s.years or s.days),
        "years and days are not negative": s.years < 0 or s.days < 0,
        'trigger is "received" or "year-end"': s.trigger not in {"received", "year-end"},
        'historical is "waived" or "notify"': s.historical not in {"waived", "notify"},
        f"under {MIN_YEARS} years it needs the number of the board that approved it (board)": not s.permanent
        and s.years < MIN_YEARS
        and not s.board.strip(),
        "it expires before it was approved": s.expires < s.approved,
        f"an approval is good for {MAX_APPROVAL_YEARS} years at most": s.expires > _years_later(s.approved, MAX_APPROVAL_YEARS),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise BadSchedule(f"{name}, {s.id} of class {s.class_}, cannot be: {what}.")


def _get(table: dict[str, Any], name: str, key: str, kind: type, default: Any = None) -> Any:
    value = table.get(key, default)
    if type(value) is not kind:  # a bool is no number here, and a time no date
        raise BadSchedule(f"{name} needs {key}, as {'a date' if kind is date else kind.__name__}.")
    return value


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February; and beyond the year 9999, which the caller reckons with
        return date(day.year + years, 3, 1)
