"""The possible reviewers now; evaluated at each call, never stored (P-05; R2, R6, R8).

The nearest first: the head, deputies and authorizers of the department, the heads above it, the access officers. People who left,
are suspended, disabled or absent are passed over, so that a missing reviewer never delays a review.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from civicmail.city.conduct.queries.deciders import absent
from civicmail.city.conduct.reviewer_assignment import Candidate
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.actors import is_admitted

NEXT_HEAD, OFFICER = "next head", "access officer"


@dataclass(frozen=True, slots=True)
class Reviewers:
    """Possible reviewers (ids of rows): offices by department, officers, and which of them are present."""

    parents: dict[int, int | None]
    heads: dict[int, int]
    deputies: dict[int, list[int]]
    authorizers: dict[int, list[int]]
    officers: list[int]
    present: frozenset[int]

    def chain(self, department: int) -> list[Candidate]:
        """Reviewers of a department, the nearest first; only those present, each once."""
        roles: dict[int, str] = {}
        own = [*self._head(department)]
        for person in own:
            roles.setdefault(person, "head")
        for why, people in (("deputy", self.deputies), ("authoriser", self.authorizers)):
            for person in people.get(department, []):
                roles.setdefault(person, why)
        for person in self.above(department):
            roles.setdefault(person, NEXT_HEAD)
        for person in self.officers:
            roles.setdefault(person, OFFICER)
        return [Candidate(person, why) for person, why in roles.items() if person in self.present]

    def above(self, department: int) -> list[int]:
        """Heads of the departments above it, the nearest first, and of those without one their deputies; present or not."""
        people, seen = [], {department}
        at = self.parents.get(department)
        while at is not None and at not in seen:
            seen.add(at)
            people += [*self._head(at), *self.deputies.get(at, [])]
            at = self.parents.get(at)
        return people

    def after(self, department: int, person: int, besides: Collection[int] = ()) -> Candidate | None:
        """The reviewer after this person: the next head who is present, else an access officer; None without one."""
        higher = [Candidate(p, NEXT_HEAD) for p in self.above(department)] + [Candidate(p, OFFICER) for p in self.officers]
        return next((c for c in higher if c.person in self.present and c.person != person and c.person not in besides), None)

    def _head(self, department: int) -> list[int]:
        return [self.heads[department]] if department in self.heads else []


def reviewers(now: int, besides: Collection[int] = (), *, away: bool = True) -> Reviewers:
    """Possible reviewers as of now (ms); a fixed number of queries. besides: ids of other possible reviewers, such as
    supervisors; away: pass over people who are away for some days."""
    at = from_ms(now)
    departments = list(Department.objects.order_by("id").values_list("id", "parent", "head"))
    deputies: dict[int, list[int]] = {}
    through = Department.deputies.through._default_manager.order_by("person__family", "person__given", "person")
    for department, person in through.values_list("department", "person"):
        deputies.setdefault(department, []).append(person)
    authorizers: dict[int, list[int]] = {}
    officers = []
    grants = RoleAssignment.objects.in_force(at).filter(role__in=["authoriser", "access-officer"])
    for role, where, person in grants.order_by("id").values_list("role", "department", "person"):
        if role == "access-officer":
            officers.append(person)
        elif where is not None:
            authorizers.setdefault(where, []).append(person)
    heads = {id_: head for id_, _, head in departments if head is not None}
    by_office = {*heads.values(), *(p for some in (*deputies.values(), *authorizers.values()) for p in some), *officers}
    parents = {id_: parent for id_, parent, _ in departments}
    return Reviewers(parents, heads, deputies, authorizers, officers, present({*by_office, *besides}, by_office, now, away=away))


def present(people: Collection[int], by_office: Collection[int], now: int, *, away: bool = True) -> frozenset[int]:
    """The people (ids of rows) who can answer: employed, with access to the pages, not absent. by_office: people admitted without a
    mailbox."""
    not_here = absent(list(people), now) if away else set()
    everybody = access_status.load_status(now, list(people))
    can_sign_in = set(Person.objects.filter(pk__in=people, account__is_active=True).values_list("pk", flat=True))
    able = set()
    for person in set(people) - not_here:
        facts = everybody.facts(person, now)
        if (
            person in can_sign_in
            and facts.employed
            and not facts.agency
            and not facts.locked
            and is_admitted(facts, person in by_office, now)
        ):
            able.add(person)
    return frozenset(able)
