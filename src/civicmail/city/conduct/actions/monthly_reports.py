"""At the start of a month each head is mailed the main figures of the department for the month before, with a link (P-28, P-29).

Figures are sums; no mail content and no name is in them. Before that the acceptance of the policy at the end of the month is
stored as a sum, so that a later report shows it as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.actions.statements import TICK, tell
from civicmail.city.conduct.queries import deciders, statement_sections
from civicmail.city.directory.models import Department
from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import tallies
from civicmail.city.identity.models import Tally
from civicmail.city.identity.queries import policy_acceptance

ACT = "report.mail"
DAYS = 10
"""First days of a month in which the report of the one before is sent; later it would be no news."""
FROM = time(7, 0)
"""City time."""
BATCH_SIZE = 20
"""Departments of one round."""


def write(now: int) -> int:
    """Write the mails of this month that are not written yet; how many departments. None where nothing was counted, as in a new
    installation."""
    at = timezone.localtime(from_ms(now))
    first = at.date().replace(day=1)
    month = (first - timedelta(days=1)).replace(day=1)
    if at.day > DAYS or at.time() < FROM or not Tally.objects.filter(month=month).exists():
        return 0
    store_acceptance(month, first)
    had = _mailed_since(first)
    waiting = [row for row in deciders.accountable_departments(now) if _object(row) not in had]
    for department in waiting[:BATCH_SIZE]:
        _mail(department, month, first, now)
    return len(waiting[:BATCH_SIZE])


def store_acceptance(month: date, until: date) -> bool:
    """Store how many people of each department had mail and had accepted the policy when this month ended; False if it is
    stored already."""
    if Tally.objects.filter(month=month, what=policy_acceptance.PEOPLE).exists():
        return False
    at = datetime.combine(month, time(12), timezone.get_current_timezone())
    counted = policy_acceptance.by_department([epoch_ms(_begins(until))])
    with transaction.atomic():
        for department in Department.objects.filter(code__in=counted):
            [acceptance] = counted[department.code]
            tallies.add(department, policy_acceptance.PEOPLE, at=at, count=acceptance.people)
            tallies.add(department, policy_acceptance.ACCEPTED, at=at, count=acceptance.accepted)
    return True


def _mailed_since(first: date) -> set[str]:
    """Departments, as entries name them, whose mail of this month is written."""
    return set(Entry.objects.filter(act=ACT, at__gte=epoch_ms(_begins(first))).values_list("object", flat=True))


def _mail(department: Department, month: date, until: date, now: int) -> None:
    before = (month - timedelta(days=1)).replace(day=1)
    this = statement_sections.figures(department, _begins(month), _begins(until), now)
    last = statement_sections.figures(department, _begins(before), _begins(month), now)
    subject = f"{department}: report for {month:%B %Y}"
    text = build_text(department, month, before, this, last)
    people = deciders.of_department(department, now)
    with transaction.atomic():
        count = tell(people, f"report:{department.code}:{month:%Y-%m}", subject, text, now)
        facts = {"month": f"{month:%Y-%m}", "mails": count}
        entries.enter(ACT, actor=TICK, reason="", now=now, object=_object(department), facts=facts)


def build_text(
    department: Department, month: date, before: date, this: Sequence[tuple[str, str]], last: Sequence[tuple[str, str]]
) -> str:
    """Figures of a month, each beside that of the month before where it differs."""
    lines = [
        f"- {what}: {value}" + ("" if value == earlier else f" ({before:%B}: {earlier})")
        for (what, value), (_, earlier) in zip(this, last, strict=True)
    ]
    page = f"{settings.CITY.web.url}{reverse('department-report', args=[department.code])}?month={month:%Y-%m}"
    return "\n\n".join([
        f"This is how the people of {department} used e-mail in {month:%B %Y}.",
        "\n".join(lines),
        f"Twelve months, the city beside them, and the report as PDF: {page}",
        "Figures are sums of the department; no person is ranked. While an automatic reply says that you are away, your deputies "
        "get this mail instead of you.",
    ])  # fmt: skip


def _object(department: Department) -> str:
    return f"department:{department.code}"


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
