"""Queries of the workbench pages: listed examinations, the breadth of one, the reporting lines of its subjects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.mandates import Scope
from civicmail.city.guard.models import Amendment
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.actions.mandates import resolve
from civicmail.city.identity.queries import mailbox_addresses, reporting_lines
from civicmail.city.identity.queries.mandates import to_mandate
from civicmail.core.query.tree import Everything
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import DamagedIndex, NotFinished


def listed(actor: Actor) -> QuerySet[Row]:
    """Mandates in a person's list: requested or decided by them; for an auditor all that are not sealed. Never one that is about
    the reader (E1)."""
    mine = Q(person__uid=actor.uid)
    visible = mine | Q(approver__uid=actor.uid)
    if actor.holds("auditor"):
        visible |= Q(sealed=False)
    about_me = Row.objects.filter(subjects__person__uid=actor.uid).values("pk")
    return Row.objects.filter(visible).exclude(~mine & Q(pk__in=about_me))


@dataclass(frozen=True, slots=True)
class Breadth:
    """How much mail an examination opens. messages: None if it cannot be counted."""

    messages: int | None
    everything: int
    mailboxes: int


def breadth(row: Row, now: int, change: Amendment | None = None) -> Breadth:
    """Count matching messages and all messages, without showing any. Before approval the current mailboxes count; change: with
    this amendment."""
    return _counted(_scope(row, change), now, row.number)


def _scope(row: Row, change: Amendment | None) -> Scope:
    if change is None:
        if row.state == "asked":
            resolve(row)  # as an approval of this moment would; the row is not saved
        return to_mandate(row).scope
    scope = to_mandate(row).scope
    people = list(Person.objects.filter(uid__in=change.people))
    theirs = set(mailbox_addresses.addresses_of_people(people)) | (
        set(mailbox_addresses.addresses_of_department(row.department)) if row.department else set()
    )
    return replace(
        scope,
        people=tuple(change.people),
        boxes=tuple(sorted(theirs)),
        custodians=mailbox_addresses.custodian_names(people),
        since=change.first,
        until=change.last,
        words=change.words,
    )


def _counted(scope: Scope, now: int, number: str) -> Breadth:
    try:
        reader = store().reader_for(f"mandate {number}", whole=True)
        return Breadth(count(reader, scope.tree(now)), count(reader, Everything()), len(scope.boxes))
    except (NotIndexed, DamagedIndex, NotFinished):
        return Breadth(None, 0, len(scope.boxes))


@dataclass(frozen=True, slots=True)
class Subject:
    """A person whom a mandate is about, with department and superiors."""

    name: str
    department: str
    above: tuple[str, ...]


SHOWN = 20


def subjects(people: Collection[Person]) -> list[Subject]:
    """The first twenty of these people, for the approver."""
    some = sorted(people, key=lambda p: (p.family, p.given, p.uid))[:SHOWN]
    known = reporting_lines.load_lines()
    above = {p.uid: known.above(p.uid) for p in some}
    everybody = {uid for uids in above.values() for uid in uids}
    names = dict(Person.objects.filter(uid__in=everybody).values_list("uid", "display"))
    departments = dict(Department.objects.values_list("code", "name"))
    return [
        Subject(
            p.display,
            departments.get(known.department.get(p.uid, ""), ""),
            tuple(sorted(names[uid] for uid in above[p.uid] if uid in names)),
        )
        for p in some
    ]


def conflicts(asker: Person, people: Collection[Person]) -> list[str]:
    """Sentences about requesters in the reporting line of the people concerned; at most five."""
    known = reporting_lines.load_lines()
    above = known.above(asker.uid)
    reasons = [f"{p} is above {asker}." for p in people if p.uid in above]
    reasons += [f"{asker} is above {p}." for p in people if asker.uid in known.above(p.uid)]
    return reasons[:5]


def classes(row: Row) -> list[str]:
    """Names of the protected classes that it touches (E3)."""
    return [examination_grounds.PROTECTED_CLASSES[kind] for kind in row.protected if kind in examination_grounds.PROTECTED_CLASSES]


def choosable(actor: Actor) -> list[Department]:
    """Departments that a form offers: a head's own, or all open ones for roles that reach further."""
    rows = Department.objects.filter(closed__isnull=True).order_by("name")
    wide = any(way.role != examination_grounds.HEAD and actor.holds(way.role) for way in examination_grounds.GROUND_RULES)
    return list(rows if wide else rows.filter(code__in=actor.departments))


def everybody(department: Department) -> list[Person]:
    """People of a department and its divisions, in order."""
    rows = Person.objects.filter(
        episodes__department__in=mailbox_addresses.with_divisions(department), episodes__ended__isnull=True
    )
    return list(rows.distinct().order_by("family", "given", "uid"))
