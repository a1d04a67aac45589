"""Queries of the workbench pages: listed examinations, the breadth of one, the reporting lines of its subjects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.mandates import Mandate, Scope
from civicmail.city.guard.models import Amendment, Protection
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.actions.mandates import resolve
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries import mailbox_addresses, reporting_lines
from civicmail.city.identity.queries.home_tasks import Task
from civicmail.city.identity.queries.mandates import to_mandate
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import Everything
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench.models import Clearance, PrivilegedAddress
from civicmail.desk.workbench.privilege import PROTECTED, Privilege, applies
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


def count_clearances() -> int:
    """How many privileged messages wait for the city attorney (E7)."""
    return Clearance.objects.filter(state="asked").count()


def clearance_tasks() -> list[Task]:
    """The city attorney's task, for Home."""
    waits = Clearance.objects.filter(state="asked").aggregate(count=Count("pk"), since=Min("made"))
    if not (count := waits["count"]):
        return []
    label_text = f"Clear {count} privileged message{'' if count == 1 else 's'}"
    hint = "An examiner needs them and may not read them before."
    state = ("wait", f"{count} {'waits' if count == 1 else 'wait'}")
    return [Task(label_text, "clearances", (), hint, state, waits["since"], "state=asked", count=count)]


def privilege_of(mandate: Mandate) -> Privilege:
    """What is withheld from the examiner at this moment."""
    if not applies(mandate):
        return Privilege()
    examined = {exact(box) for box in mandate.scope.boxes}
    kinds = {address: kind for address, kind in correspondents().items() if address not in examined}
    rows = Clearance.objects.filter(mandate__number=mandate.number, state="cleared")
    return Privilege(kinds, frozenset(rows.values_list("capture", flat=True)))


def correspondents() -> dict[str, str]:
    """Normalized address -> kind: listed ones, holders of the role city attorney, and people of protected classes."""
    kinds: dict[str, str] = {}
    for class_, kind in PROTECTED.items():
        kinds |= dict.fromkeys(map(exact, _addresses_of(class_)), kind)
    listed = PrivilegedAddress.objects.filter(ended__isnull=True).values_list("address", "kind")
    return kinds | dict(listed)


def _addresses_of(class_: str) -> set[str]:
    rows = list(Protection.objects.filter(kind=class_, approves=False, ended__isnull=True).select_related("person", "department"))
    people: list[Person] = [row.person for row in rows if row.person is not None]
    if class_ == "city-attorney":
        held = RoleAssignment.objects.in_force(timezone.now()).filter(role="city-attorney").select_related("person")
        people += [assignment.person for assignment in held]
    addresses = set(mailbox_addresses.addresses_of_people(people)) if people else set()
    for row in rows:
        if row.department is not None:
            addresses |= set(mailbox_addresses.addresses_of_department(row.department))
    return addresses


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
