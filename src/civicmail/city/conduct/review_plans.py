"""The schedule of reviews, and their numbers: the table of R1, and the limits of R2, R9 to R11. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Tier = Literal["duties", "outside", "everyone", "micro"]

REVIEW_DAYS = 14
"""From the start of a review to its deadline, which never moves (R10)."""
REMINDER_DAYS = (7, 3, 1, 0)
"""Days before the deadline on which reviewers with open rows are reminded (R9)."""
NEXT_HEAD_JOINS_DAY, NEXT_HEAD_REPLACES_DAY = 7, 10
"""So many days after the start the next head joins, and replaces whoever is silent (R10)."""
GRACE_DAYS = 14
"""Days from a suspension by non-response to the end of access (R11)."""
UNDO_MS = 300_000
"""ms in which a "keep" can be taken back before it is carried out."""
MAX_ROWS = 50
"""Rows that one reviewer has at a time (R2)."""
FAST_PER_MINUTE = 20
"""Keeps within a minute above which nobody has read the rows (R14)."""
PLAN_AHEAD_DAYS = 30
"""Days before its start from which a review is listed."""
LONG_LEAVE = timedelta(days=30)
"""A suspension longer than this is a long leave: the directory records no leaves (R1)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One line of the table. months: in which one starts, on the first Monday; what: for people; bulk: whether unremarkable rows
    may be kept together (R3); renews: a "keep" needs a new justification (R5)."""

    name: str
    what: str
    months: tuple[int, ...] = ()
    bulk: bool = True
    renews: bool = False


PLANS: dict[Tier, Plan] = {
    "duties": Plan("Roles", "every role that somebody holds", (1, 4, 7, 10), bulk=False, renews=True),
    "outside": Plan("Contractors and function mailboxes", "people under a contract, and users of function mailboxes", (2, 8)),
    "everyone": Plan("Everyone", "everybody else with mail access", (5,)),
    "micro": Plan("After a change", "all that one person has, because something has changed"),
}

CAUSES: dict[str, str] = {
    "moved": "works in another department now",
    "leave": "is on a long leave",
    "violation": "has a violation that was decided",
}
"""Why a micro-review is made, as a phrase about the person (R1)."""

EXCEPTIONS: dict[str, str] = {
    "left": "does not work for the city any more",
    "contract": "the contract is over",
    "violation": "a violation is open",
    "never": "never used",
    "idle": "not used for 90 days",
    "unused": "not used yet",
    "policy": "has not accepted the policy",
    "outsider": "works in another department",
    "purpose": "the reasons were written for another position",
    "ends": "ends within 30 days",
    "suspended": "is suspended",
    "conflict": "excludes another role of the same person",
}
"""Exceptions, the most urgent first (R3)."""

SUSPENDING_EXCEPTIONS: frozenset[str] = frozenset({"left", "contract", "violation", "never", "idle"})
"""Exceptions for which non-response suspends; it does nothing to other rows (R11)."""


def first_monday(year: int, month: int) -> date:
    """The day on which a review of that month starts."""
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def due(today: date) -> list[tuple[Tier, date]]:
    """Reviews that start today or within PLAN_AHEAD_DAYS: (tier, day). Earlier ones are not made up for: a new installation has no
    reviewers for last year."""
    due_: list[tuple[Tier, date]] = []
    for tier, plan in PLANS.items():
        for year in (today.year, today.year + 1):
            for month in plan.months:
                day = first_monday(year, month)
                if today <= day <= today + timedelta(days=PLAN_AHEAD_DAYS):
                    due_.append((tier, day))
    return sorted(due_, key=lambda pair: pair[1])


def suspends(exceptions: list[str]) -> bool:
    """Whether non-response suspends a row with these exceptions."""
    return bool(SUSPENDING_EXCEPTIONS & set(exceptions))


def keeps_per_minute(times: list[int]) -> int:
    """The highest number of keeps within one minute. times: ms of each single keep, without those in bulk."""
    times, highest, first = sorted(times), 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= 60_000:
            first += 1
        highest = max(highest, last - first + 1)
    return highest
