"""Load actors for the guard, and the resources that acts concern (P-04, P-07, D1, D4)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.guard.access_status import MailFacts
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import InDepartment, MailboxIn, PersonIn
from civicmail.city.guard.roles import CONFLICTS
from civicmail.city.identity.models import ConflictRecord, RoleActivation, RoleAssignment
from civicmail.city.identity.queries import access_status


def actor_of(account: Account, client: str, now: int, facts: MailFacts | None = None) -> Actor:
    """The person behind a sign-in. now: ms; client: the address of the request; facts: the access status, if it was loaded already.
    About ten queries.

    A closed or locked account, and one of a person who no longer works here, has no rights and is not admitted.
    """
    person = account.person
    facts = facts or access_status.status_of(person.pk, now)
    if not account.is_active or facts.locked or not facts.employed or facts.is_blocked:
        return Actor(person.uid, person.display, admitted=False, client=client)
    tree = _tree()
    held = tuple(_held(person, tree, now))
    departments = frozenset(_by_office(person, tree))
    supervised = Episode.objects.filter(supervisor=person, ended__isnull=True).values_list("person__uid", flat=True)
    return Actor(
        person.uid,
        person.display,
        held,
        departments,
        frozenset(supervised),
        admitted=is_admitted(facts, bool(held or departments), now),
        client=client,
    )


def is_admitted(facts: MailFacts, works_here: bool, now: int) -> bool:
    """Whether a person may use the pages at all: live access, or an office or role without suspended access, and the policy
    accepted. Heads and officers come first, because a person must authorize the first mailbox."""
    live = facts.active or (works_here and facts.suspended is None)
    return live and (facts.owed is None or not facts.owed.is_overdue(now))


def departments_led(person: Person) -> frozenset[str]:
    """Codes of the departments that a person heads or is a deputy of, with their divisions."""
    return frozenset(_by_office(person, _tree()))


def about_person(person: Person) -> PersonIn:
    """An act on a person: the department is where the person works, or worked last."""
    episode = person.episodes.select_related("department").order_by("ended", "-starts").filter(ended__isnull=True).first()
    episode = episode or person.episodes.select_related("department").order_by("-ended").first()
    return PersonIn(episode.department.code if episode else "", person.uid)


def about_mailbox(mailbox: Mailbox) -> MailboxIn:
    """An act on a mailbox: the owning department's."""
    return MailboxIn(mailbox.department.code, mailbox.holder.uid if mailbox.holder else "")


def about_department(department: Department) -> InDepartment:
    return InDepartment(department.code)


class _Tree:
    """Open departments: codes with everything below each."""

    def __init__(self, rows: Iterable[tuple[int, str, int | None, int | None]]) -> None:
        rows = list(rows)
        self.codes = {id_: code for id_, code, _, _ in rows}
        self.heads = {id_: head for id_, _, _, head in rows}
        self._below: dict[int, list[int]] = {}
        for id_, _, parent, _ in rows:
            if parent is not None:
                self._below.setdefault(parent, []).append(id_)

    def with_divisions(self, top: int) -> list[str]:
        codes, waiting = [], [top]
        seen = {top}
        while waiting:
            id_ = waiting.pop()
            if id_ in self.codes:
                codes.append(self.codes[id_])
            for below in self._below.get(id_, []):
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)
        return codes


def _tree() -> _Tree:
    return _Tree(Department.objects.filter(closed__isnull=True).order_by("id").values_list("id", "code", "parent", "head"))


def _by_office(person: Person, tree: _Tree) -> set[str]:
    """Codes of the departments that a person heads, or is a deputy of, with their divisions."""
    offices = {id_ for id_, head in tree.heads.items() if head == person.pk}
    offices |= set(Department.objects.filter(deputies=person, closed__isnull=True).values_list("id", flat=True))
    return {code for office in offices for code in tree.with_divisions(office)}


def _held(person: Person, tree: _Tree, now: int) -> list[HeldRole]:
    """Two roles that exclude each other are of no use, neither of them, unless that was recorded with what watches over it (D1,
    D3). One of a department's is held for its divisions, too."""
    at = from_ms(now)
    grants = RoleAssignment.objects.in_force(at).filter(person=person)
    rows = list(grants.order_by("id").values_list("id", "role", "department"))
    if not rows:
        return []
    roles = {role for _, role, _ in rows}
    bad = {role for pair in CONFLICTS if pair <= roles for role in pair}
    if bad:
        recorded = ConflictRecord.objects.filter(person=person, until__gt=at).values_list("first", "second")
        allowed = {frozenset(pair) for pair in recorded}
        bad = {role for pair in CONFLICTS if pair <= roles and pair not in allowed for role in pair}
    uses = RoleActivation.objects.filter(grant__in=[id_ for id_, _, _ in rows], at__lte=at, until__gt=at, laid_down__isnull=True)
    taken = {grant: epoch_ms(until) for grant, until in uses.order_by("until").values_list("grant", "until")}
    return [
        HeldRole(role, code, taken.get(id_, 0))
        for id_, role, department in rows
        if role not in bad
        for code in ([""] if department is None else tree.with_divisions(department))
    ]


def active_roles(person: Person, now: int) -> list[RoleActivation]:
    """Privileged roles that a person has activated at this moment."""
    at = from_ms(now)
    live = Q(laid_down__isnull=True, until__gt=at, grant__ended__isnull=True, grant__until__gt=at)
    return list(RoleActivation.objects.filter(live, grant__person=person).select_related("grant").order_by("until"))
