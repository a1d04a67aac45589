"""Retention schedules as pages show them: those in force, earlier files, differences, and what becomes due (P-20, P-23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from civicmail.city.guard.epoch import from_ms
from civicmail.city.law import due_forecast, schedule_changes
from civicmail.city.law.due_forecast import ClassForecast
from civicmail.city.law.schedule_changes import ScheduleChange
from civicmail.city.law.schedules import NOTICE, Schedule, Schedules, parse
from civicmail.city.pages.display_names import names_by_uid, shown_name
from civicmail.desk.retention import class_counts
from civicmail.desk.retention.class_counts import ClassCounts
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import classes

WARNED = timedelta(days=365)
"""Before the approval of a schedule expires: a new one takes a year."""
DUE_ON_HOME = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """One series in force. pk: its class; period: in words; state: active, expired or notice; days_left: of its approval;
    historical: waived, or when notified."""

    pk: str
    schedule: Schedule
    period: str
    state: str
    days_left: int
    historical: str

    @property
    def is_warned(self) -> bool:
        return self.days_left <= WARNED.days

    @property
    def warning(self) -> str:
        if self.state == "expired":
            return "Disposes of nothing until it is renewed."
        if self.state == "notice":
            return f"Disposes of nothing until {NOTICE.days} days after the notice."
        return f"Expires in {self.days_left:,} day{'' if self.days_left == 1 else 's'}." if self.is_warned else ""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """An adopted file of schedules. number: from 1."""

    number: int
    at: datetime
    by: str
    reason: str
    text: str
    schedules: Schedules

    @property
    def series(self) -> int:
        return len(self.schedules.by_class)


def versions() -> list[FileVersion]:
    """Every adopted file, newest first. Raises DamagedFile, KeyMissing."""
    events = classes.versions(installation())
    names = names_by_uid({e.facts["actor"] for e in events})
    made = [
        FileVersion(
            number, from_ms(e.at), shown_name(e.facts["actor"], names.get(e.facts["actor"])), e.facts["reason"], e.facts["text"],
            parse(e.facts["text"]),
        )
        for number, e in enumerate(events, 1)
    ]  # fmt: skip
    return made[::-1]


def in_force() -> Schedules | None:
    """The schedules in force, None before the first file."""
    text = classes.text_of(installation())
    return parse(text) if text else None


def lines(schedules: Schedules | None, today: date) -> list[ScheduleLine]:
    """Each series, by class."""
    return [_line(s, today) for _, s in sorted(schedules.by_class.items())] if schedules else []


def expiring(today: date) -> list[ScheduleLine]:
    """Series whose approval expires within the days of Home, or has expired; the first to expire first."""
    limit = DUE_ON_HOME.days
    return sorted((line for line in lines(in_force(), today) if line.days_left <= limit), key=lambda line: line.days_left)


def differences(of: FileVersion, all_: Sequence[FileVersion]) -> list[ScheduleChange]:
    """What a file changed of the one before it."""
    before = next((v for v in all_ if v.number == of.number - 1), None)
    return schedule_changes.changes(before.schedules if before else None, of.schedules)


def forecast(schedules: Schedules | None, counts: ClassCounts | None, now: int) -> list[ClassForecast]:
    """What becomes due by class, none before the first count. now: epoch ms."""
    return due_forecast.forecast(counts.months, schedules, now) if counts is not None else []


def counts() -> ClassCounts | None:
    return class_counts.current(installation())


def _line(s: Schedule, today: date) -> ScheduleLine:
    state = {"expired": "expired", "notice": "notice"}.get(s.obstacle_on(today) or "", "active")
    if s.permanent and not s.approved <= today <= s.expires:
        state = "expired"
    historical = "Waived" if s.historical == "waived" else f"Notified {s.notified}" if s.notified else "Must be notified"
    return ScheduleLine(s.class_, s, schedule_changes.period(s), state, (s.expires - today).days, historical)
