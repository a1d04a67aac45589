"""Lines of supervision and office as the directory has them now, and whose mail is protected (E3). A fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Protection
from civicmail.city.guard.reporting_lines import ReportingLines
from civicmail.city.identity.models import RoleAssignment


def load_lines() -> ReportingLines:
    """The reporting lines of everyone who works here. Three queries."""
    episodes = (
        Episode.objects.filter(ended__isnull=True).order_by().values_list("person__uid", "supervisor__uid", "department__code")
    )
    rows = list(episodes)
    departments = list(Department.objects.order_by().values_list("code", "parent__code", "head__uid"))
    offices: dict[str, set[str]] = {code: {head} if head else set() for code, _, head in departments}
    for code, uid in Department.objects.filter(deputies__isnull=False).order_by().values_list("code", "deputies__uid"):
        offices[code].add(uid)
    return ReportingLines(
        {uid: boss for uid, boss, _ in rows if boss},
        {uid: code for uid, _, code in rows},
        {code: parent for code, parent, _ in departments if parent},
        {code: frozenset(people) for code, people in offices.items()},
    )


def protected_classes(people: Collection[Person], departments: Collection[str], now: int) -> list[str]:
    """Protected classes that these people, or the departments of these codes and what is above them, belong to; in order."""
    at = from_ms(now)
    named = {p.pk for p in people}
    kinds = set()
    if Episode.objects.filter(person__in=named, kind="elected", ended__isnull=True).exists():
        kinds.add("council")
    attorneys = RoleAssignment.objects.in_force(at).filter(person__in=named, role="city-attorney")
    if attorneys.exists():
        kinds.add("city-attorney")
    parents = dict(Department.objects.order_by().values_list("code", "parent__code"))
    codes = set(departments)
    waiting = list(departments)
    while waiting:
        above = parents.get(waiting.pop())
        if above and above not in codes:
            codes.add(above)
            waiting.append(above)
    rows = Protection.objects.filter(ended__isnull=True, approves=False).order_by()
    for kind, person, code in rows.values_list("kind", "person", "department__code"):
        if person in named or code in codes:
            kinds.add(kind)
    return sorted(kinds)


def approvers(kinds: Collection[str]) -> frozenset[str] | None:
    """uids of the approvers for all of these classes; None if no class is concerned."""
    if not kinds:
        return None
    rows = Protection.objects.filter(ended__isnull=True, approves=True, kind__in=kinds).order_by()
    by_kind: dict[str, set[str]] = {kind: set() for kind in kinds}
    for kind, uid in rows.values_list("kind", "person__uid"):
        by_kind[kind].add(str(uid))
    return frozenset(set.intersection(*by_kind.values()))


def classes_of_approver(uid: str) -> frozenset[str]:
    """Protected classes for which a person is an approver."""
    rows = Protection.objects.filter(ended__isnull=True, approves=True, person__uid=uid).order_by()
    return frozenset(rows.values_list("kind", flat=True))
