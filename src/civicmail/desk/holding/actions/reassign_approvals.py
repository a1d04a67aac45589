"""Reassign pending approvals when their approvers change: a closed or merged department, a new head, a departure (P-08, P-22).

Where no approver is left, or a department was closed, the offices that can repair this are notified.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.roles import Role
from civicmail.city.notices.actions import notify
from civicmail.desk.holding import approvers, senders
from civicmail.desk.holding.actions.approval_requests import BATCH_SIZE, TICK, is_sampled, notify_approvers
from civicmail.desk.holding.models import Approval, AskedDepartment

WHY = "whoever was asked decides about it no more"
_MAY_HAVE_CHANGED = Q(own=True) | Q(department__closed__isnull=False) | (~Q(capture="") & ~Q(words=""))


def reassign(now: int) -> int:
    """Reassign pending requests whose approvers changed; return how many."""
    pending = Approval.objects.filter(_MAY_HAVE_CHANGED, copies__state="waits").distinct()
    chains = approvers.ApproverChains(now)
    rows = pending.select_related("person", "department").order_by("pk")[:BATCH_SIZE]
    return sum(_reassign(row, chains, now) for row in rows)


def _reassign(row: Approval, chains: approvers.ApproverChains, now: int) -> bool:
    before = row.department_id, row.person_id, row.own
    if row.department.closed is not None:
        row.department = _open_department(row) or row.department
    if has_no_known_sender := approvers.has_no_known_sender(row):
        people = [p for group in chains.groups_of(row.department, 0) for p in group]
        row.person = next((p for p in [row.person, *people] if p in people), row.person)
    row.own = approvers.is_own_approver(row.person, row.department, leads=has_no_known_sender)
    if (row.department_id, row.person_id, row.own) == before:
        return False
    row.sampled = is_sampled(row.capture or str(row.draft), own=row.own)
    row.step, row.since = 0, from_ms(now)
    with transaction.atomic():
        row.save(update_fields=["department", "person", "own", "sampled", "step", "since"])
        facts = {"department": row.department.code, "own": int(row.own), "to": [p.uid for p in chains.current(row)]}
        entries.enter("approval.passed-on", actor=TICK, reason=WHY, now=now, object=f"approval:{row.pk}", facts=facts)
        notify_approvers(row, now)
    return True


def _open_department(row: Approval) -> Department | None:
    """The department that decides in place of a closed one: where the sender works now, else the next open one above."""
    if (employer := senders.department_of(row.person)) is not None and employer.closed is None:
        return employer
    above: Department | None = row.department
    visited: set[int] = set()
    while above is not None and above.pk not in visited:
        if above.closed is None:
            return above
        visited.add(above.pk)
        above = above.parent
    return None


# -- who can mend it


def notify_offices(now: int) -> None:
    """Notify offices once a day of pending files without any approver, and once of a closed department that required approval."""
    pending = Approval.objects.filter(own=False, copies__state="waits").order_by().values_list("department", "person").distinct()
    chains, pairs = approvers.ApproverChains(now), set(pending)
    rows = {row.pk: row for row in Department.objects.filter(pk__in={department for department, _ in pairs})}
    without_approver = {department for department, sender in pairs if not chains.groups_of(rows[department], sender)}
    for pk in sorted(without_approver):
        _notify_no_approver(rows[pk], now)
    closed = AskedDepartment.objects.filter(since__isnull=False, department__closed__isnull=False)
    for row in closed.select_related("department"):
        _notify_closed(row, now)


def _notify_no_approver(department: Department, now: int) -> None:
    text = (
        f"Files of {department.name} wait to leave the city, and nobody may say whether they do: no head and no deputy of it, or "
        "of a department above it, works here now. What nobody answers goes back to its sender after three working days (P-22).\n\n"
        f"Say who leads it: {settings.CITY.web.url}{reverse('department', args=[department.code])}"
    )
    day = timezone.localdate(from_ms(now))
    subject = f"Nobody can say whether files of {department.name} may leave"
    _notify(f"approval-nobody:{department.pk}:{day}", subject, text, _holders_of(("access-officer",), now), now)


def _notify_closed(row: AskedDepartment, now: int) -> None:
    text = (
        f"{row.department.name} is closed. Its files waited for an approval before they left the city; those of the people who "
        "worked there wait from now on only where their new department is asked, too (P-22).\n\n"
        f"Look whether it is: {settings.CITY.web.url}{reverse('asked-departments')}"
    )
    subject = f"Files of {row.department.name} are not asked about any more"
    _notify(f"asked-closed:{row.pk}", subject, text, _holders_of(("policy-author", "policy-approver"), now), now)


def _holders_of(roles: Iterable[Role], now: int) -> list[Person]:
    people = {p.pk: p for role in roles for p in deciders.holders(role, now)}
    return list(people.values())


def _notify(key: str, subject: str, text: str, people: Iterable[Person], now: int) -> None:
    for person in people:
        if to := senders.address_of(person):
            notify(f"{key}:{person.pk}", to, subject, text, now=from_ms(now))
