"""The report on examinations of a week or a year, for the auditors (P-16; E9). Pure.

Sums by ground, approver and department, what was opened, urgent ones and their breadth; then each examination, those that opened
most first. Of sealed ones, and of those about the reader, there is only the number (E1, E8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Any

from civicmail.desk.oversight import sampling

OUTLIER = 3
"""Times the median of opened messages from which an examination is marked as an outlier."""


@dataclass(frozen=True, slots=True)
class Period:
    """name: "2026-W48" or "2026"; first, last: days, both included."""

    name: str
    first: date
    last: date

    @property
    def is_year(self) -> bool:
        return "-" not in self.name


@dataclass(frozen=True, slots=True)
class Examined:
    """One examination and what was done under it in the period. ground, requester, approver: names; departments: of the people
    examined, by name; people: how many; days: of mail, 0 without a limit; opened: messages, each once; ratified: of an urgent one,
    in words."""

    number: str
    ground: str
    requester: str
    approver: str
    departments: tuple[str, ...]
    people: int
    days: int
    searches: int
    opened: int
    exports: int
    urgent: bool = False
    ratified: str = ""


@dataclass(frozen=True, slots=True)
class ExaminationReport:
    """shown: outliers first; unseen: number of sealed ones and of those about the reader; denied: number, by the second person;
    reveals, accidents: content views without an examination."""

    period: Period
    shown: list[Examined]
    unseen: int = 0
    denied: int = 0
    reveals: int = 0
    accidents: int = 0
    by_ground: list[tuple[str, int]] = field(default_factory=list)
    by_approver: list[tuple[str, int]] = field(default_factory=list)
    by_department: list[tuple[str, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.shown) + self.unseen

    @property
    def opened(self) -> int:
        return sum(each.opened for each in self.shown)

    @property
    def urgent(self) -> int:
        return sum(each.urgent for each in self.shown)

    @property
    def median_people(self) -> float:
        return median(each.people for each in self.shown) if self.shown else 0

    @property
    def median_days(self) -> float:
        """Of those with a limited period of mail."""
        limited = [each.days for each in self.shown if each.days]
        return median(limited) if limited else 0

    def is_outlier(self, each: Examined) -> bool:
        """Whether it opened many more messages than others of the period."""
        usual = median(one.opened for one in self.shown)
        return len(self.shown) > 2 and each.opened > OUTLIER * max(usual, 1)

    @property
    def outliers(self) -> list[Examined]:
        return [each for each in self.shown if self.is_outlier(each)]


def report(
    period: Period, examinations: Iterable[Examined], *, unseen: int = 0, denied: int = 0, reveals: int = 0, accidents: int = 0
) -> ExaminationReport:
    """The report about these examinations."""
    shown = sorted(examinations, key=lambda each: (-each.opened, -each.people, each.number))
    return ExaminationReport(
        period,
        shown,
        unseen,
        denied,
        reveals,
        accidents,
        _counted(each.ground for each in shown),
        _counted(each.approver for each in shown if each.approver),
        _counted(name for each in shown for name in each.departments),
    )


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0]))


def period_of(name: str) -> Period | None:
    """The week ("2026-W48") or year ("2026") of this name, None for other words."""
    if (monday := sampling.monday_of(name)) is not None:
        return Period(name, monday, monday + timedelta(days=6))
    if len(name) == 4 and name.isascii() and name.isdigit() and sampling.YEARS[0] <= int(name) <= sampling.YEARS[1]:
        return Period(name, date(int(name), 1, 1), date(int(name), 12, 31))
    return None


def due(today: date) -> Sequence[Period]:
    """The periods of which a report is due: the last whole week, and in the first week of January the last year."""
    periods = [period_of(sampling.last_whole(today))]
    if (today.month, today.day) <= (1, 7):
        periods.append(period_of(str(today.year - 1)))
    return [period for period in periods if period is not None]


def figures(made: ExaminationReport) -> list[tuple[str, Any, str]]:
    """Label, number and remark of the sums; a mail has the same."""
    return [
        ("Examinations", made.total, f"{made.unseen} sealed or not shown" if made.unseen else ""),
        ("Denied", made.denied, "by the second person"),
        ("Messages opened", made.opened, "each once for each examination"),
        ("Urgent", made.urgent, "in force before a second person agreed"),
        ("People examined, median", f"{made.median_people:g}", ""),
        ("Days of mail, median", f"{made.median_days:g}" if made.median_days else "no limit", "of those with a limit"),
        ("Outliers", len(made.outliers), "opened over three times the median"),
        ("Reveals", made.reveals, "on technical pages, without an examination"),
        ("Accidental views", made.accidents, "recorded by those who saw something"),
    ]


def words(period: Period) -> str:
    """The period as a title: "the week of Nov 23, 2026", "2026"."""
    return period.name if period.is_year else f"week of {period.first:%b} {period.first.day}, {period.first.year}"
