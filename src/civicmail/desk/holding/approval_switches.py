"""Whether the files of a department need approval, and whether that was decided (P-22).

Without a decision the policy's rule applies as soon as there is an approver.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.models import Account
from civicmail.desk.holding.models import AskedDepartment, UnaskedDepartment


@dataclass(frozen=True, slots=True)
class ApprovalSwitch:
    """on, off: the decision, or None; off without a person: the state before decisions were needed. acts: files wait."""

    on: AskedDepartment | None = None
    off: UnaskedDepartment | None = None
    acts: bool = False

    @property
    def is_decided(self) -> bool:
        return self.on is not None or (self.off is not None and self.off.by is not None)

    @property
    def state(self) -> str:
        """undecided, off, waits (for the head, where many questions are foreseen) or on."""
        if self.on is not None:
            return "waits" if self.on.since is None else "on"
        return "off" if self.is_decided else "undecided"


def all_switches() -> dict[int, ApprovalSwitch]:
    """Switches of all open departments, by the id of the row. A fixed number of queries."""
    on = {row.department_id: row for row in AskedDepartment.objects.select_related("by", "head")}
    off = {row.department_id: row for row in UnaskedDepartment.objects.select_related("by")}
    answered = _with_approver()
    by_department = {}
    for pk in Department.objects.filter(closed__isnull=True).values_list("pk", flat=True):
        row = on.get(pk)
        acts = row.since is not None if row is not None else pk not in off and pk in answered
        by_department[pk] = ApprovalSwitch(row, off.get(pk), acts)
    return by_department


def switch_of(department: Department) -> ApprovalSwitch:
    return all_switches().get(department.pk, ApprovalSwitch())


def undecided_departments() -> list[int]:
    """Ids of open departments without a decision."""
    return [pk for pk, switch in all_switches().items() if not switch.is_decided]


def waiting_by_default() -> frozenset[str]:
    """Codes of departments whose files wait without a decision."""
    waiting = [pk for pk, switch in all_switches().items() if switch.acts and switch.on is None]
    return frozenset(Department.objects.filter(pk__in=waiting).values_list("code", flat=True))


def _with_approver() -> set[int]:
    """Ids of departments whose head or deputy, or one of a department above, works here and has a sign-in."""
    rows = list(Department.objects.values_list("pk", "parent", "head", "closed"))
    deputies = Department.deputies.through._default_manager.values_list("department", "person")
    leading: dict[int, set[int]] = {pk: {head} if head else set() for pk, _, head, closed in rows if closed is None}
    for department, person in deputies:
        if department in leading:
            leading[department].add(person)
    with_sign_in = _with_sign_in({person for people in leading.values() for person in people})
    answerable = {pk for pk, people in leading.items() if people & with_sign_in}
    above = {pk: parent for pk, parent, _, _ in rows}
    return {pk for pk in leading if answerable & set(_ancestors(pk, above))}


def _with_sign_in(people: Iterable[int]) -> set[int]:
    working = Episode.objects.filter(person__in=list(people), ended__isnull=True).values("person")
    return set(Account.objects.filter(person__in=working, is_active=True).values_list("person", flat=True))


def _ancestors(pk: int, above: dict[int, int | None]) -> list[int]:
    ancestors: list[int] = []
    current: int | None = pk
    while current is not None and current not in ancestors:
        ancestors.append(current)
        current = above.get(current)
    return ancestors
