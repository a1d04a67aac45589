"""Mail the auditors the report on examinations of each week and year: sums and a link (P-16; E9)."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions.decision_notices import notify_of_decision
from civicmail.city.identity.models import RoleAssignment
from civicmail.desk.oversight.examination_report import Period, due, figures, words
from civicmail.desk.oversight.queries.examination_report import report_of

WORKER = machine("examination-report")
ACT = "examinations.report"


def send_due(now: int) -> int:
    """Send the reports that are due and were not sent; return how many."""
    return sum(_send(period, now) for period in due(timezone.localdate(from_ms(now))))


def _send(period: Period, now: int) -> bool:
    object_ = f"examination-report:{period.name}"
    if Entry.objects.filter(act=ACT, object=object_).exists():
        return False
    held = RoleAssignment.objects.in_force(from_ms(now)).filter(role="auditor").select_related("person")
    auditors = {assignment.person.pk: assignment.person for assignment in held}
    if not auditors:
        return False
    made = report_of(period)
    path = f"{reverse('examination-report')}?period={period.name}"
    lines = [f"Examinations of other people's mail, {words(period)}:", *(f"{label}: {value}" for label, value, _ in figures(made))]
    with transaction.atomic():
        notify_of_decision(auditors.values(), object_, f"Examination report: {words(period)}", lines, path, now=now)
        facts = {"period": period.name, "examinations": made.total, "opened": made.opened, "urgent": made.urgent}
        entries.enter(ACT, actor=WORKER, reason="sent to the auditors", now=now, object=object_, facts=facts)
    return True
