"""The sums of two years before the sample city opens, so that reports and charts have a past, and that a year before (P-10, P-28).

They are added by the verb that acts use. The people and the mail of those months are not there: a sum names neither.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time

from civicmail.city.directory.models import Department
from civicmail.city.identity.actions import tallies
from civicmail.city.pages.months import last_months
from civicmail.front.sample.staff_context import Staff, today

MONTHS = 24


def count_year(city: Staff, now: int, seed: int) -> None:
    """Count what each department did in the last months, of which the present one is not over. now: ms."""
    day = today(now)
    months = last_months(day, MONTHS)
    for short, department in city.departments.items():
        chance = random.Random(f"{seed} {short}")  # noqa: S311 - a sample
        people, hours, slope = len(city.team.get(short, ())), chance.uniform(2.5, 6), chance.uniform(-0.15, 0.08)
        share = chance.uniform(0.72, 0.86)
        for number, month in enumerate(months):
            at = datetime.combine(month, time(12), UTC)
            days = day.day if month == months[-1] else 30
            _count_month(department, at, people * days / 30, max(0.5, hours + slope * number), chance)
            if month != months[-1]:
                share = min(0.98, share + chance.uniform(-0.01, 0.025))
                tallies.add(department, "policy-people", at=at, count=people)
                tallies.add(department, "policy-accepted", at=at, count=round(people * share))


def _count_month(department: Department, at: datetime, people: float, hours: float, chance: random.Random) -> None:
    """A month of a department. people: who were there all of it; hours: until files are decided on, on average."""
    approved, refused = (round(people * share * chance.uniform(0.7, 1.3)) for share in (0.4, 0.05))
    requested = round(people * 0.15 * chance.uniform(0.5, 1.5))
    tallies.add(department, "files-approved", at=at, count=approved)
    tallies.add(department, "files-refused", at=at, count=refused)
    tallies.add(department, "files-minutes", at=at, count=round((approved + refused) * 60 * hours * chance.uniform(0.8, 1.2)))
    tallies.add(department, "release-asked", at=at, count=requested)
    tallies.add(department, "release-let", at=at, count=round(requested * 0.7))
    tallies.add(department, "release-kept", at=at, count=requested - round(requested * 0.7))
    tallies.add(department, "confidential-encrypted", at=at, count=round(people * 0.3 * chance.uniform(0.6, 1.4)))
