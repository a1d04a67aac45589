"""Departments, opened as a whole list (P-04, P-06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction

from civicmail.city.access import guard
from civicmail.city.access.actions import entries, routing, structure
from civicmail.city.access.actions.acting import locked
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted, Unusable
from civicmail.city.access.reasons import reason as in_words
from civicmail.city.access.resources import InDepartment
from civicmail.city.directory.department_file import DepartmentEntry
from civicmail.city.directory.models import Department, Mailbox, Person


@dataclass(frozen=True, slots=True)
class Opened:
    """What a list does, or would do. new, changed: codes; clashes: code -> why it cannot be, and then nothing is done."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    clashes: dict[str, str] = field(default_factory=dict)


def open_list(wanted: Sequence[DepartmentEntry], *, actor: Actor, reason: str, now: int, dry_run: bool = False) -> Opened:
    """Bring departments up to a list: new ones are made, others are as it says, those that it does not name stay as they are. All
    or nothing. Each change is the entry that the same change on a page has; a dry run does the same and takes it back."""
    for one in wanted:
        guard.require(actor, "department.change", InDepartment(one.code), now=now)
    act = _Act(actor, in_words(reason), now)
    done = Opened()
    with transaction.atomic():
        for step in (_make, _change, _place, _lead, _route):
            for one in wanted:
                if one.code not in done.clashes:
                    _tried(step, one, act, done)
        done.changed[:] = sorted(set(done.changed) - set(done.new))
        if dry_run or done.clashes:
            transaction.set_rollback(True)
        else:
            routing.write_on_commit()
    return done


@dataclass(frozen=True, slots=True)
class _Act:
    actor: Actor
    reason: str
    now: int


def _tried(step: Callable[[DepartmentEntry, _Act, Opened], None], one: DepartmentEntry, act: _Act, done: Opened) -> None:
    try:
        with transaction.atomic():
            step(one, act, done)
    except (Unusable, Conflict, NotPermitted) as problem:
        done.clashes[one.code] = str(problem)


def _make(one: DepartmentEntry, act: _Act, done: Opened) -> None:
    row = Department.objects.filter(code=one.code).first()
    if row is None:
        structure.make_department(
            one.code, one.name or one.code, mailbox_cost=one.mailbox_cost or 0, actor=act.actor, reason=act.reason, now=act.now
        )
        done.new.append(one.code)
    elif row.closed is not None:
        raise Conflict(f"The department {one.code} was closed on {row.closed}; reopen it on its page first, or take another code.")


def _change(one: DepartmentEntry, act: _Act, done: Opened) -> None:
    row = _the(one.code)
    name = row.name if one.name is None else one.name
    cost = row.mailbox_cost if one.mailbox_cost is None else one.mailbox_cost
    if (name, cost) != (row.name, row.mailbox_cost):
        structure.change_department(row, name, cost, actor=act.actor, reason=act.reason, now=act.now)
        done.changed.append(one.code)


def _place(one: DepartmentEntry, act: _Act, done: Opened) -> None:
    row = _the(one.code)
    if one.parent is None or one.parent.lower() == (row.parent.code if row.parent else ""):
        return
    parent = _the(one.parent.lower()) if one.parent else None
    structure.place_department(row, parent, actor=act.actor, reason=act.reason, now=act.now)
    done.changed.append(one.code)


def _lead(one: DepartmentEntry, act: _Act, done: Opened) -> None:
    row = _the(one.code)
    had = [row.head.uid if row.head else "", *sorted(row.deputies.values_list("uid", flat=True))]
    head = had[0] if one.head is None else one.head
    deputies = had[1:] if one.deputies is None else sorted({*one.deputies} - {head})
    if [head, *deputies] == had:
        return
    people = [_person(uid) for uid in deputies]
    chief = _person(head) if head else None
    structure.lead_department(row, chief, people, actor=act.actor, reason=act.reason, now=act.now)
    done.changed.append(one.code)


def _route(one: DepartmentEntry, act: _Act, done: Opened) -> None:
    """Addresses that are known to be another department's are a clash: mail cannot go two ways."""
    if one.addresses is None:
        return
    row = locked(_the(one.code), "routed")
    if " ".join(sorted(one.addresses)) == row.routed:
        return
    domains = {domain.lower() for domain in settings.CITY.city.domains}
    others = {
        address: d.code for d in Department.objects.filter(closed__isnull=True).exclude(pk=row.pk) for address in d.routed.split()
    }
    boxes = Mailbox.objects.filter(address__in=one.addresses, closed__isnull=True).exclude(department=row)
    others |= dict(boxes.values_list("address", "department__code"))
    for address in one.addresses:
        if address.rpartition("@")[2] not in domains or address.startswith("@"):
            raise Unusable(f"{address} is in no domain of the city: {', '.join(sorted(domains))}.")
        if address in others:
            raise Conflict(f"{address} is of the department {others[address]}. Take it out of one of the two.")
    row.routed = " ".join(sorted(one.addresses))
    row.save(update_fields=["routed"])
    facts = {"addresses": len(one.addresses)}
    entries.enter(
        "department.change", actor=act.actor, reason=act.reason, now=act.now, object=f"department:{row.code}", facts=facts
    )
    done.changed.append(one.code)


def _the(code: str) -> Department:
    row = Department.objects.filter(code=code, closed__isnull=True).first()
    if row is None:
        raise Unusable(f"There is no department {code}, neither here nor in the file.")
    return row


def _person(uid: str) -> Person:
    found = Person.objects.filter(uid=uid).first()
    if found is None:
        raise Unusable(f"Nobody has the number {uid}. Bring the people first, or leave the head out.")
    return found
