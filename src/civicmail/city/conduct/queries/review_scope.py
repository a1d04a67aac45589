"""The scope of a review: each authorization or role with its reason, approver, use, and exceptions (R3, R4, M7).

Only counts, never content: messages sent, received and retrieved in the last ninety days, and the last sign-in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from civicmail.city.conduct.models import Essential
from civicmail.city.conduct.queries import violations
from civicmail.city.conduct.review_plans import Tier
from civicmail.city.directory.models import Episode, Mailbox
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Authorization, Ending, RoleActivation, RoleAssignment
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.identity.queries import access_status, usage
from civicmail.city.identity.queries.department_questions import NEVER_USED_AFTER, UNUSED_AFTER

UNDER_CONTRACT = tuple(kind for kind, d in PERSON_KINDS.items() if d.contract)
SOON = timedelta(days=30)


def rights(tier: Tier, now: int, *, person: int | None = None, departments: Collection[int] = ()) -> QuerySet[Authorization]:
    """The rights in force of a tier, or all of one person's (id of the row). departments: of these owners alone."""
    rows = Authorization.objects.filter(state__in=["active", "suspended"], until__gt=from_ms(now))
    outside = Q(episode__kind__in=UNDER_CONTRACT) | Q(mailbox__kind=Mailbox.Type.FUNCTION)
    if tier == "duties":
        rows = rows.none()
    elif tier == "micro":
        rows = rows.filter(person=person)
    else:
        rows = rows.filter(outside) if tier == "outside" else rows.exclude(outside)
    if departments:
        rows = rows.filter(department__in=departments)
    return rows.select_related("mailbox", "person", "department", "approver", "profile").order_by("id")


def roles(tier: Tier, now: int, *, person: int | None = None, departments: Collection[int] = ()) -> QuerySet[RoleAssignment]:
    """The roles in force of the first tier, or all of one person's."""
    rows = RoleAssignment.objects.in_force(from_ms(now))
    if tier == "micro":
        rows = rows.filter(person=person)
    elif tier != "duties":
        rows = rows.none()
    if departments:
        own = Episode.objects.filter(ended__isnull=True, department__in=departments).values("person")
        rows = rows.filter(Q(department__in=departments) | Q(department__isnull=True, person__in=own))
    return rows.select_related("person", "department").order_by("id")


@dataclass(slots=True)
class Known:
    """Facts about people and mailboxes, loaded at once. use: how the mailboxes are used."""

    now: int
    today: date
    use: usage.Known
    work: dict[int, Episode] = field(default_factory=dict)
    unaccepted: set[int] = field(default_factory=set)
    violations: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    essential: set[int] = field(default_factory=set)
    taken_up: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def known(people: Iterable[int], now: int, boxes: Collection[int] = ()) -> Known:
    """About these people, and what these mailboxes received (ids of rows); a fixed number of queries, however many they are."""
    people = set(people)
    today = timezone.localdate(from_ms(now))
    k = Known(now, today, usage.known(today, people, boxes))
    whole = len(people) > 500  # then a query about everybody is shorter than the list of them
    of: dict[str, Any] = {} if whole else {"person__in": people}
    rows = Episode.objects.filter(**of).select_related("department", "supervisor", "contract__agency").order_by("starts", "id")
    for e in rows:
        if e.person_id not in k.work or e.ended is None or k.work[e.person_id].ended is not None:
            k.work[e.person_id] = e
    everybody = access_status.load_status(now, None if whole else people)
    for person in people:
        owed = everybody.facts(person, now).owed
        if owed is not None and owed.is_overdue(now):
            k.unaccepted.add(person)
    k.violations = violations.open_of(people)
    k.leaving = set(Ending.objects.filter(done__isnull=True, **of).values_list("person", flat=True))
    k.essential = set(Essential.objects.filter(ended__isnull=True).values_list("mailbox", flat=True))
    return k


def taken_up(k: Known, grants: Collection[int]) -> None:
    """The number of activations of roles in ninety days, and the last one."""
    rows = (
        RoleActivation.objects.filter(grant__in=grants, at__gt=from_ms(k.now) - UNUSED_AFTER)
        .order_by("at")
        .values_list("grant", "at")
    )
    for grant, at in rows:
        n, _ = k.taken_up.get(grant, (0, at))
        k.taken_up[grant] = (n + 1, at)


def exceptions_of(a: Authorization, k: Known) -> list[str]:
    """The exceptions of an authorization, in the order of review_plans.EXCEPTIONS."""
    work, exceptions = k.work.get(a.person_id), _of_person(a.person_id, k)
    if a.state == "active":  # who is suspended cannot use it
        exceptions += _unused(a, k) if a.role == "holder" else _unused_of_another(a, k)
    if a.person_id in k.unaccepted:
        exceptions.append("policy")
    if work is not None and work.ended is None:
        if work.department_id != a.department_id:
            exceptions.append("outsider")
        if a.profile is not None and a.profile.position != work.position:
            exceptions.append("purpose")
    if a.until <= from_ms(k.now) + SOON:
        exceptions.append("ends")
    if a.state == "suspended":
        exceptions.append("suspended")
    return exceptions


def _of_person(person: int, k: Known) -> list[str]:
    work = k.work.get(person)
    exceptions = ["left"] if work is None or work.ended is not None or person in k.leaving else []
    if work is not None and work.contract is not None and work.contract.ends < k.today:
        exceptions.append("contract")
    return [*exceptions, "violation"] if person in k.violations else exceptions


def _unused(a: Authorization, k: Known) -> list[str]:
    """M7: never used in thirty days, not used in ninety, or not used yet, for which non-response does nothing."""
    now, starts, seen = from_ms(k.now), a.starts or a.asked, k.use.seen.get(a.person_id)
    sent = k.use.sent.get((a.mailbox_id, a.person_id))
    if seen is None and sent is None:
        return ["never"] if starts <= now - NEVER_USED_AFTER else ["unused"]
    lately = (seen is not None and seen > now - UNUSED_AFTER) or (
        sent is not None and sent > timezone.localdate(now - UNUSED_AFTER)
    )
    return [] if lately or starts > now - UNUSED_AFTER else ["idle"]


def _unused_of_another(a: Authorization, k: Known) -> list[str]:
    """Whether another's mailbox is unused: nothing was sent from it, and nothing retrieved in ninety days."""
    used = k.use.used.of(a.mailbox_id, a.person_id)
    return [] if used.retrieved or (a.mailbox_id, a.person_id) in k.use.sent else ["unused"]


def role_exceptions(g: RoleAssignment, k: Known, conflicts: set[int], privileged: bool) -> list[str]:
    """The exceptions of a role. conflicts: people who hold two conflicting roles."""
    exceptions = _of_person(g.person_id, k)
    if privileged and g.pk not in k.taken_up and g.starts <= from_ms(k.now) - UNUSED_AFTER:
        exceptions.append("idle")
    if g.until <= from_ms(k.now) + SOON:
        exceptions.append("ends")
    return [*exceptions, "conflict"] if g.person_id in conflicts else exceptions


def with_access(now: int) -> dict[str, int]:
    """The number of people with access, by code of the owning department: the base of the circuit breaker."""
    rows = Authorization.objects.filter(state__in=["active", "suspended"], until__gt=from_ms(now)).order_by()
    counted: dict[str, set[int]] = {}
    for code, person in rows.values_list("department__code", "person"):
        counted.setdefault(code, set()).add(person)
    return {code: len(people) for code, people in counted.items()}
