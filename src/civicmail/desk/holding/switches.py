"""How departments stand about files that leave: decided or not, and whether their files wait at this moment (P-22).

What nobody has decided is no silent no: the policy's rule holds, from the moment on at which somebody is there who can answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from civicmail.city.access.models import Account
from civicmail.city.directory.models import Department, Episode
from civicmail.desk.holding.models import AskedDepartment, UnaskedDepartment


@dataclass(frozen=True, slots=True)
class Switch:
    """on, off: what somebody decided, or None; off without a person: as it was before anybody had to decide. acts: files wait."""

    on: AskedDepartment | None = None
    off: UnaskedDepartment | None = None
    acts: bool = False

    @property
    def is_decided(self) -> bool:
        return self.on is not None or (self.off is not None and self.off.by is not None)


def switches() -> dict[int, Switch]:
    """Of every open department, by the id of its row. A fixed number of queries."""
    on = {row.department_id: row for row in AskedDepartment.objects.select_related("by", "head")}
    off = {row.department_id: row for row in UnaskedDepartment.objects.select_related("by")}
    answered = _answered()
    found = {}
    for pk in Department.objects.filter(closed__isnull=True).values_list("pk", flat=True):
        row = on.get(pk)
        acts = row.since is not None if row is not None else pk not in off and pk in answered
        found[pk] = Switch(row, off.get(pk), acts)
    return found


def of(department: Department) -> Switch:
    return switches().get(department.pk, Switch())


def undecided() -> list[int]:
    """Ids of open departments about which nobody has decided."""
    return [pk for pk, one in switches().items() if not one.is_decided]


def by_default() -> frozenset[str]:
    """Codes of departments whose files wait although nobody has decided."""
    waiting = [pk for pk, one in switches().items() if one.acts and one.on is None]
    return frozenset(Department.objects.filter(pk__in=waiting).values_list("code", flat=True))


def _answered() -> set[int]:
    """Ids of departments whose head or deputy, or one of a department above, works here and has a sign-in."""
    rows = list(Department.objects.values_list("pk", "parent", "head", "closed"))
    deputies = Department.deputies.through._default_manager.values_list("department", "person")
    leading: dict[int, set[int]] = {pk: {head} if head else set() for pk, _, head, closed in rows if closed is None}
    for department, person in deputies:
        if department in leading:
            leading[department].add(person)
    there = _there({person for people in leading.values() for person in people})
    able = {pk for pk, people in leading.items() if people & there}
    above = {pk: parent for pk, parent, _, _ in rows}
    return {pk for pk in leading if able & set(_upward(pk, above))}


def _there(people: Iterable[int]) -> set[int]:
    working = Episode.objects.filter(person__in=list(people), ended__isnull=True).values("person")
    return set(Account.objects.filter(person__in=working, is_active=True).values_list("person", flat=True))


def _upward(pk: int, above: dict[int, int | None]) -> list[int]:
    found: list[int] = []
    at: int | None = pk
    while at is not None and at not in found:
        found.append(at)
        at = above.get(at)
    return found
