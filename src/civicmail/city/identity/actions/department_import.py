"""Import a list of departments (P-04, P-06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from civicmail.city.directory.department_file import DepartmentEntry
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import lock_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, require_row
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions import department_routing, organization


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The effects of a list. new, changed: codes; clashes: code -> why it is impossible; then nothing is done."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    clashes: dict[str, str] = field(default_factory=dict)


def import_departments(
    departments: Sequence[DepartmentEntry], *, actor: Actor, reason: str, now: int, dry_run: bool = False
) -> ImportResult:
    """Make departments match a list: new ones are created, listed ones changed, others left unchanged. All or nothing. Each change
    writes the entry of the same change on a page; a dry run does the same and rolls back."""
    for department in departments:
        guard.require(actor, "department.change", InDepartment(department.code), now=now)
    act = _Request(actor, checked_reason(reason), now)
    done = ImportResult()
    with transaction.atomic():
        for step in (_make, _change, _place, _lead, _route):
            for department in departments:
                if department.code not in done.clashes:
                    _tried(step, department, act, done)
        done.changed[:] = sorted(set(done.changed) - set(done.new))
        if dry_run or done.clashes:
            transaction.set_rollback(True)
        else:
            department_routing.write_on_commit()
    return done


@dataclass(frozen=True, slots=True)
class _Request:
    actor: Actor
    reason: str
    now: int


def _tried(
    step: Callable[[DepartmentEntry, _Request, ImportResult], None], department: DepartmentEntry, act: _Request, done: ImportResult
) -> None:
    try:
        with transaction.atomic():
            step(department, act, done)
    except (Unusable, Conflict, NotPermitted) as problem:
        done.clashes[department.code] = str(problem)


def _make(department: DepartmentEntry, act: _Request, done: ImportResult) -> None:
    row = Department.objects.filter(code=department.code).first()
    if row is None:
        organization.make_department(
            department.code,
            department.name or department.code,
            mailbox_cost=department.mailbox_cost or 0,
            actor=act.actor,
            reason=act.reason,
            now=act.now,
        )
        done.new.append(department.code)
    elif row.closed is not None:
        raise Conflict(
            f"The department {department.code} was closed on {row.closed}; reopen it on its page first, or take another code."
        )


def _change(department: DepartmentEntry, act: _Request, done: ImportResult) -> None:
    row = _department(department.code)
    name = row.name if department.name is None else department.name
    cost = row.mailbox_cost if department.mailbox_cost is None else department.mailbox_cost
    if (name, cost) != (row.name, row.mailbox_cost):
        organization.change_department(row, name, cost, actor=act.actor, reason=act.reason, now=act.now)
        done.changed.append(department.code)


def _place(department: DepartmentEntry, act: _Request, done: ImportResult) -> None:
    row = _department(department.code)
    if department.parent is None or department.parent.lower() == (row.parent.code if row.parent else ""):
        return
    parent = _department(department.parent.lower()) if department.parent else None
    organization.place_department(row, parent, actor=act.actor, reason=act.reason, now=act.now)
    done.changed.append(department.code)


def _lead(department: DepartmentEntry, act: _Request, done: ImportResult) -> None:
    row = _department(department.code)
    had = [row.head.uid if row.head else "", *sorted(row.deputies.values_list("uid", flat=True))]
    head = had[0] if department.head is None else department.head
    deputies = had[1:] if department.deputies is None else sorted({*department.deputies} - {head})
    if [head, *deputies] == had:
        return
    people = [_person(uid) for uid in deputies]
    chief = _person(head) if head else None
    organization.lead_department(row, chief, people, actor=act.actor, reason=act.reason, now=act.now)
    done.changed.append(department.code)


def _route(department: DepartmentEntry, act: _Request, done: ImportResult) -> None:
    """Route addresses to a department. An address of another department is a clash, because mail has one route."""
    if department.addresses is None:
        return
    row = lock_row(_department(department.code), "routed")
    if " ".join(sorted(department.addresses)) == row.routed:
        return
    domains = {domain.lower() for domain in settings.CITY.city.domains}
    others = {
        address: d.code for d in Department.objects.filter(closed__isnull=True).exclude(pk=row.pk) for address in d.routed.split()
    }
    boxes = Mailbox.objects.filter(address__in=department.addresses, closed__isnull=True).exclude(department=row)
    others |= dict(boxes.values_list("address", "department__code"))
    for address in department.addresses:
        if address.rpartition("@")[2] not in domains or address.startswith("@"):
            raise Unusable(f"{address} is in no domain of the city: {', '.join(sorted(domains))}.")
        if address in others:
            raise Conflict(f"{address} is of the department {others[address]}. Take it out of one of the two.")
    save_values(row, routed=" ".join(sorted(department.addresses)))
    facts = {"addresses": len(department.addresses)}
    entries.enter(
        "department.change", actor=act.actor, reason=act.reason, now=act.now, object=f"department:{row.code}", facts=facts
    )
    done.changed.append(department.code)


def _department(code: str) -> Department:
    row = Department.objects.filter(code=code, closed__isnull=True).first()
    if row is None:
        raise Unusable(f"There is no department {code}, neither here nor in the file.")
    return row


def _person(uid: str) -> Person:
    return require_row(
        Person.objects.filter(uid=uid).first(), f"Nobody has the number {uid}. Import the people first, or omit the head."
    )
