"""Who decides about files changes while they wait: a department is closed or merged, a head is replaced, whoever answers for an
office's mailbox leaves. Then others are asked. Where nobody is there, and where a closed department took the question with it,
those who can mend that hear of it (P-08, P-22)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import entries
from civicmail.city.access.duties import Duty
from civicmail.city.access.moments import moment
from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Department, Person
from civicmail.city.notices.actions import tell
from civicmail.desk.holding import approvers, senders
from civicmail.desk.holding.actions.asking import AT_ONCE, TICK, is_sampled, tell_asked
from civicmail.desk.holding.models import Approval, AskedDepartment

WHY = "whoever was asked decides about it no more"
_MAY_HAVE_CHANGED = Q(own=True) | Q(department__closed__isnull=False) | (~Q(capture="") & ~Q(words=""))


def put_right(now: int) -> int:
    """Of everything that waits; how many questions somebody else is asked now."""
    waits = Approval.objects.filter(_MAY_HAVE_CHANGED, copies__state="waits").distinct()
    chains = approvers.Chains(now)
    rows = waits.select_related("person", "department").order_by("pk")[:AT_ONCE]
    return sum(_put_right(row, chains, now) for row in rows)


def _put_right(row: Approval, chains: approvers.Chains, now: int) -> bool:
    before = row.department_id, row.person_id, row.own
    if row.department.closed is not None:
        row.department = _open(row) or row.department
    if nobodys := approvers.is_nobodys(row):
        people = [p for group in chains.of(row.department, 0) for p in group]
        row.person = next((p for p in [row.person, *people] if p in people), row.person)
    row.own = approvers.is_own(row.person, row.department, leads=nobodys)
    if (row.department_id, row.person_id, row.own) == before:
        return False
    row.sampled = is_sampled(row.capture or str(row.draft), own=row.own)
    row.step, row.since = 0, moment(now)
    with transaction.atomic():
        row.save(update_fields=["department", "person", "own", "sampled", "step", "since"])
        facts = {"department": row.department.code, "own": int(row.own), "to": [p.uid for p in chains.turn(row)]}
        entries.enter("approval.passed-on", actor=TICK, reason=WHY, now=now, object=f"approval:{row.pk}", facts=facts)
        tell_asked(row, now)
    return True


def _open(row: Approval) -> Department | None:
    """The department that answers in place of a closed one: where the sender works now, else the next one up that is open."""
    if (works := senders.department_of(row.person)) is not None and works.closed is None:
        return works
    above: Department | None = row.department
    seen: set[int] = set()
    while above is not None and above.pk not in seen:
        if above.closed is None:
            return above
        seen.add(above.pk)
        above = above.parent
    return None


# -- who can mend it


def tell_offices(now: int) -> None:
    """Once a day where files wait and nobody may say a word; once where a department was closed whose files were asked about."""
    waits = Approval.objects.filter(own=False, copies__state="waits").order_by().values_list("department", "person").distinct()
    chains, pairs = approvers.Chains(now), set(waits)
    rows = {row.pk: row for row in Department.objects.filter(pk__in={department for department, _ in pairs})}
    nobody = {department for department, sender in pairs if not chains.of(rows[department], sender)}
    for pk in sorted(nobody):
        _tell_nobody(rows[pk], now)
    closed = AskedDepartment.objects.filter(since__isnull=False, department__closed__isnull=False)
    for row in closed.select_related("department"):
        _tell_closed(row, now)


def _tell_nobody(department: Department, now: int) -> None:
    text = (
        f"Files of {department.name} wait to leave the city, and nobody may say whether they do: no head and no deputy of it, or "
        "of a department above it, works here now. What nobody answers goes back to its sender after three working days (P-22).\n\n"
        f"Say who leads it: {settings.CITY.web.url}{reverse('department', args=[department.code])}"
    )
    day = timezone.localdate(moment(now))
    subject = f"Nobody can say whether files of {department.name} may leave"
    _tell(f"approval-nobody:{department.pk}:{day}", subject, text, _holding(("access-officer",), now), now)


def _tell_closed(row: AskedDepartment, now: int) -> None:
    text = (
        f"{row.department.name} is closed. Its files waited for an approval before they left the city; those of the people who "
        "worked there wait from now on only where their new department is asked, too (P-22).\n\n"
        f"Look whether it is: {settings.CITY.web.url}{reverse('asked-departments')}"
    )
    subject = f"Files of {row.department.name} are not asked about any more"
    _tell(f"asked-closed:{row.pk}", subject, text, _holding(("policy-author", "policy-approver"), now), now)


def _holding(duties: Iterable[Duty], now: int) -> list[Person]:
    people = {p.pk: p for duty in duties for p in deciders.holders(duty, now)}
    return list(people.values())


def _tell(key: str, subject: str, text: str, people: Iterable[Person], now: int) -> None:
    for person in people:
        if to := senders.address_of(person):
            tell(f"{key}:{person.pk}", to, subject, text, now=moment(now))
