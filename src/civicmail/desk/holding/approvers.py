"""Approvers of files: the head of the sender's department, else its deputies, else the next head up (P-22).

Never the sender, and no person whose account is contained (P-25). The current group is notified; head, deputies and those above may
answer at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from civicmail.city.conduct.queries.deciders import absent, gone_or_suspended
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import OutboundFiles
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding.containment_states import OPEN
from civicmail.desk.holding.models import Approval, Containment

_CONTAINED = sentence(
    "Your account acts unlike you, so somebody else may be using it, and what it answers does not count. Call the security office."
)
Groups = list[list[Person]]


class ApproverChains:
    """Approver groups at one moment (now: ms); each department is read once."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._known: dict[int, tuple[Groups, Groups]] = {}

    def groups_of(self, department: Department, sender: int) -> Groups:
        """Approver groups in order, without absent people and the sender (id). If no other person is left, absent people are
        included: they may still read their mail."""
        if department.pk not in self._known:
            self._known[department.pk] = self._available(department)
        available, working = self._known[department.pk]
        return _once_each(available, sender) or _once_each(working, sender)

    def current(self, row: Approval) -> list[Person]:
        """The current group. For own files that is the sender; empty if no head and no deputy is there."""
        if row.own:
            return [row.person]
        groups = self.groups_of(row.department, row.person_id)
        return groups[min(row.step, len(groups) - 1)] if groups else []

    def _available(self, department: Department) -> tuple[Groups, Groups]:
        """Groups of available people, and groups of all who work here."""
        groups = leaders(department)
        people = {p.pk for group in groups for p in group}
        excluded = gone_or_suspended(people) | contained_people(people)
        unavailable = excluded | absent(people, self._now)
        return _without(groups, unavailable), _without(groups, excluded)


def _without(groups: Groups, excluded: set[int]) -> Groups:
    return [[p for p in group if p.pk not in excluded] for group in groups]


def _once_each(groups: Groups, sender: int) -> Groups:
    distinct: Groups = []
    known = {sender}
    for group in groups:
        new_people = [p for p in group if p.pk not in known]
        known |= {p.pk for p in new_people}
        if new_people:
            distinct.append(new_people)
    return distinct


def leaders(department: Department) -> Groups:
    """Head and deputies, then those of the department above, up to the top."""
    groups: Groups = []
    current: Department | None = department
    visited: set[int] = set()
    while current is not None and current.pk not in visited:
        visited.add(current.pk)
        if current.closed is None:  # people of a closed department do not decide
            groups.append([current.head] if current.head is not None else [])
            groups.append(list(current.deputies.order_by("family", "given", "pk")))
        current = current.parent
    return groups


def contained_people(people: Collection[int]) -> set[int]:
    """Which of these people (ids of rows) have a contained account, whose answers do not count."""
    rows = Containment.objects.filter(person__in=people, state__in=OPEN)
    return {person for person in rows.values_list("person", flat=True) if person is not None}


def require_not_contained(actor: Actor) -> None:
    """Raises Conflict if the account is contained: its decisions on files do not count."""
    if Containment.objects.filter(person__uid=actor.uid, state__in=OPEN).exists():
        raise Conflict(_CONTAINED)


def has_no_known_sender(row: Approval) -> bool:
    """Whether the sender is unknown: then row.person answers for the mailbox."""
    return bool(row.capture and row.words)


def may_see_summary(row: Approval, actor: Actor) -> bool:
    """Whether this person sees subject and file names before opening anything: the sender, and the managers who may decide."""
    return actor.uid == row.person.uid or (not row.own and row.department.code in actor.departments)


def decides_own(row: Approval) -> bool:
    """Whether the sender still decides on these files; not after they stopped leading the department."""
    return row.own and is_own_approver(row.person, row.department, leads=has_no_known_sender(row))


def is_own_approver(person: Person, department: Department, *, leads: bool = False) -> bool:
    """Whether the sender has no superior in the department: its head, and elected officials. leads: for an office's mailbox, on
    which any head or deputy of the department, or of one above, decides."""
    if leads:
        return any(person in group for group in leaders(department))
    if department.head_id == person.pk:
        return True
    return Episode.objects.filter(person=person, kind="elected", ended__isnull=True).exists()


def current_approvers(row: Approval, now: int) -> list[Person]:
    """ApproverChains.current for one approval."""
    return ApproverChains(now).current(row)


def turn_text(row: Approval, now: int) -> str:
    """The current approvers and the next ones: "Rosa Hale, then Kim Boyd"; "" if decided, and for own files."""
    if row.own or not row.copies.filter(state="waits").exists():
        return ""
    groups = ApproverChains(now).groups_of(row.department, row.person_id)
    return ", then ".join(" or ".join(str(p) for p in group) for group in groups[min(row.step, len(groups) - 1) :] if group)


def by_approver(rows: Iterable[Approval], now: int) -> dict[int, list[Approval]]:
    """Pending approvals by person (id)."""
    rows_by_person: dict[int, list[Approval]] = {}
    chains = ApproverChains(now)
    for row in rows:
        for person in chains.current(row):
            rows_by_person.setdefault(person.pk, []).append(row)
    return rows_by_person


def sample_resource(row: Approval) -> OutboundFiles:
    """Resource of the review of own files: by the next head up, if there is one. No deputy reviews the head."""
    department = row.department
    if department.head_id == row.person_id and department.parent is not None:
        department = department.parent
    return OutboundFiles(department.code, row.person.uid, first_actors=(row.person.uid,), began_ms=epoch_ms(row.made), alone=True)


def resource(row: Approval) -> OutboundFiles:
    """Resource of a decision on these files."""
    if decides_own(row):
        return OutboundFiles(row.department.code, row.person.uid, first_actors=(), began_ms=epoch_ms(row.made), alone=True)
    return OutboundFiles(
        row.department.code, row.person.uid, first_actors=(row.person.uid,), began_ms=epoch_ms(row.made), alone=False
    )
