"""Departments, agencies and their contracts: the access office's (P-04, P-09)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.actions import departments
from civicmail.city.directory.models import Agency, Contract, Department, Episode, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error, require_usable
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions import department_routing
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_department


def make_department(
    code: str, name: str, *, parent: Department | None = None, mailbox_cost: int = 0, actor: Actor, reason: str, now: int
) -> Department:
    """mailbox_cost: cents a year for one mailbox. Raises Unusable."""
    guard.require(actor, "department.change", InDepartment(code), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        made = departments.make(code, name, parent=parent, mailbox_cost=mailbox_cost)
        facts = {"name": name, "parent": parent.code if parent else "", "mailbox_cost": mailbox_cost}
        entries.enter("department.change", actor=actor, reason=reason, now=now, object=f"department:{code}", facts=facts)
        department_routing.write_on_commit()
    return made


def change_department(department: Department, name: str, mailbox_cost: int, *, actor: Actor, reason: str, now: int) -> None:
    """Another name, or another cost (cents a year) of mailboxes that are authorized from now on. Raises Unusable."""
    guard.require(actor, "department.change", about_department(department), now=now)
    reason = checked_reason(reason)
    if not name.strip():
        raise field_error("name", "A department has a name.")
    with locked_row(department, "name", "mailbox_cost") as row:
        facts = {"name": [row.name, name.strip()], "mailbox_cost": [row.mailbox_cost, mailbox_cost]}
        save_values(row, name=name.strip(), mailbox_cost=mailbox_cost)
        entries.enter("department.change", actor=actor, reason=reason, now=now, object=f"department:{row.code}", facts=facts)


def place_department(department: Department, parent: Department | None, *, actor: Actor, reason: str, now: int) -> None:
    """Move it, with all below, to another place in the tree. Raises Unusable for a cycle."""
    guard.require(actor, "department.change", about_department(department), now=now)
    reason = checked_reason(reason)
    with locked_row(department, "parent_id") as row:
        before = row.parent.code if row.parent else ""
        departments.put_below(row, parent)
        facts = {"parent": [before, parent.code if parent else ""]}
        entries.enter("department.change", actor=actor, reason=reason, now=now, object=f"department:{row.code}", facts=facts)
        publish_on_commit(later=True)


def lead_department(
    department: Department, head: Person | None, deputies: Iterable[Person] = (), *, actor: Actor, reason: str, now: int
) -> None:
    """Set the head and deputies of a department. Raises Unusable for a person who does not work for the city."""
    deputies = list(deputies)
    guard.require(actor, "department.change", about_department(department), now=now)
    reason = checked_reason(reason)
    with locked_row(department, "head_id") as row:
        before = [row.head.uid if row.head else "", *sorted(row.deputies.values_list("uid", flat=True))]
        departments.lead(row, head, deputies)
        facts = {"before": before, "after": [head.uid if head else "", *sorted(d.uid for d in deputies)]}
        entries.enter("department.change", actor=actor, reason=reason, now=now, object=f"department:{row.code}", facts=facts)


def close_department(department: Department, *, actor: Actor, reason: str, now: int) -> None:
    """Raises Unusable while it has people, mailboxes or divisions."""
    guard.require(actor, "department.change", about_department(department), now=now)
    reason = checked_reason(reason)
    with locked_row(department, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"{row} was closed already.")
        departments.close(row, on=timezone.localdate(from_ms(now)))
        entries.enter(
            "department.change", actor=actor, reason=reason, now=now, object=f"department:{row.code}", facts={"closed": 1}
        )
        department_routing.write_on_commit()
        publish_on_commit(later=True)


def reopen_department(department: Department, *, actor: Actor, reason: str, now: int) -> None:
    """A department that was closed is there again, with its code and its place in the tree. Raises Conflict."""
    guard.require(actor, "department.change", about_department(department), now=now)
    reason = checked_reason(reason)
    with locked_row(department, "closed") as row:
        if row.closed is None:
            raise Conflict(f"{row} is open.")
        save_values(row, closed=None)
        entries.enter(
            "department.change", actor=actor, reason=reason, now=now, object=f"department:{row.code}", facts={"closed": 0}
        )
        department_routing.write_on_commit()
        publish_on_commit(later=True)


def make_agency(code: str, name: str, *, contact: str = "", actor: Actor, reason: str, now: int) -> Agency:
    """A company or body whose people work for the city."""
    guard.require(actor, "agency.change", now=now)
    reason = checked_reason(reason)
    if not code.strip() or not name.strip() or Agency.objects.filter(code=code).exists():
        sentence = f"There is an agency {code} already." if code.strip() and name.strip() else "An agency has a code and a name."
        raise Unusable(sentence, {"code": sentence})
    with transaction.atomic():
        made = Agency.objects.create(code=code.strip(), name=name.strip(), contact=contact.strip())
        entries.enter("agency.change", actor=actor, reason=reason, now=now, object=f"agency:{made.code}", facts={"name": made.name})
    return made


def change_agency(agency: Agency, name: str, contact: str, *, actor: Actor, reason: str, now: int) -> None:
    """Another name, or another way to reach it. Raises Unusable."""
    guard.require(actor, "agency.change", now=now)
    reason = checked_reason(reason)
    if not name.strip():
        raise field_error("name", "An agency has a name.")
    with locked_row(agency, "name", "contact") as row:
        facts = {"name": [row.name, name.strip()], "contact": [row.contact, contact.strip()]}
        save_values(row, name=name.strip(), contact=contact.strip())
        entries.enter("agency.change", actor=actor, reason=reason, now=now, object=f"agency:{row.code}", facts=facts)
        publish_on_commit(later=True)


def make_contract(
    agency: Agency, number: str, sponsor: Person | None, starts: date, ends: date, *, actor: Actor, reason: str, now: int
) -> Contract:
    """sponsor: the city's person who answers for the agency's people."""
    guard.require(actor, "agency.change", now=now)
    reason = checked_reason(reason)
    fields = {}
    if not number.strip() or Contract.objects.filter(agency=agency, number=number.strip()).exists():
        fields["number"] = "A contract has a number that the agency has no other one of."
    if ends < starts:
        fields["ends"] = "A contract ends after it starts."
    require_usable(fields)
    with transaction.atomic():
        made = Contract.objects.create(agency=agency, number=number.strip(), sponsor=sponsor, starts=starts, ends=ends)
        facts = {"contract": made.number, "sponsor": sponsor.uid if sponsor else "", "starts": str(starts), "ends": str(ends)}
        entries.enter("agency.change", actor=actor, reason=reason, now=now, object=f"agency:{agency.code}", facts=facts)
    return made


def change_contract(contract: Contract, sponsor: Person | None, ends: date, *, actor: Actor, reason: str, now: int) -> int:
    """Another sponsor, or another last day: access of its people ends with that day at the latest (C1), and is never longer by it.
    Returns how many authorizations end earlier now. Raises Unusable."""
    guard.require(actor, "agency.change", now=now)
    reason = checked_reason(reason)
    if ends < contract.starts:
        raise field_error("ends", "A contract ends after it starts.")
    with locked_row(contract, "sponsor_id", "ends") as row:
        last = timezone.make_aware(datetime.combine(ends + timedelta(days=1), time.min))
        longer = Authorization.objects.filter(episode__contract=row, state__in=LIVING, until__gt=last)
        count = longer.update(until=last)
        facts = {
            "contract": row.number,
            "sponsor": [row.sponsor.uid if row.sponsor else "", sponsor.uid if sponsor else ""],
            "ends": [str(row.ends), str(ends)],
            "authorisations": count,
        }
        save_values(row, sponsor=sponsor, ends=ends)
        entries.enter("agency.change", actor=actor, reason=reason, now=now, object=f"agency:{row.agency.code}", facts=facts)
        if count:
            publish_on_commit(row.episodes.values_list("person", flat=True))
    return count


def suspend_agency(agency: Agency, *, actor: Actor, reason: str, now: int) -> int:
    """Mail of all its people stops at once, with one entry that lists them; returns how many (P-09). Raises Conflict when it is
    suspended already."""
    return _switch(agency, True, actor=actor, reason=reason, now=now)


def resume_agency(agency: Agency, *, actor: Actor, reason: str, now: int) -> int:
    """Its people may use mail again as far as each is authorized. Raises Conflict when it is not suspended."""
    return _switch(agency, False, actor=actor, reason=reason, now=now)


def _switch(agency: Agency, off: bool, *, actor: Actor, reason: str, now: int) -> int:
    guard.require(actor, "agency.suspend", now=now)
    reason = checked_reason(reason)
    with locked_row(agency) as row:
        if (row.suspended is not None) == off:
            raise Conflict(f"{row} is {'suspended already' if off else 'not suspended'}.")
        save_values(row, suspended=from_ms(now) if off else None)
        people = dict(Episode.objects.filter(contract__agency=row, ended__isnull=True).values_list("person", "person__uid"))
        facts = {"suspended": int(off), "people": sorted(people.values())}
        entries.enter("agency.suspend", actor=actor, reason=reason, now=now, object=f"agency:{row.code}", facts=facts)
        if people:
            publish_on_commit(people)
    return len(people)
