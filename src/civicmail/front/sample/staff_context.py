"""Shared by the modules that make the sample city's people: who exists, who acts, with which reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.reasons import Reasons
from civicmail.city.guard.roles import ROLES, Role
from civicmail.city.identity.actions import roles
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import actor_of
from civicmail.front.sample.people import SAMPLE, Town

FOUNDER = Actor("os:sample", "The sample city", (HeldRole("access-officer", active_until=FOREVER),))
"""Acts as access officer until there is one."""

YEAR = 360 * DAY_MS
WHY = "The sample city begins its work."
REASONS = Reasons(
    duties="Answers letters of residents and of other departments.",
    performance="Half of the work comes in and goes out in writing.",
    efficiency="Saves paper, postage and a round of the messenger each day.",
    service="Residents get their answer on the same day and in writing.",
)


@dataclass(slots=True)
class Staff:
    """What was made, for tests and the demo. people: by uid; named: by what is special about somebody; pending: requests that wait
    for a decision; team: of each department the head, the deputy, a supervisor, two clerks, an inspector, four more of these …"""

    town: Town = SAMPLE
    people: dict[str, Person] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    named: dict[str, Person] = field(default_factory=dict)
    pending: list[Authorization] = field(default_factory=list)
    team: dict[str, list[Person]] = field(default_factory=dict)

    def department(self, short: str) -> Department:
        """The department, or its substitute in a smaller town."""
        return self.departments[short] if short in self.departments else self.departments[self._stand_in(short)[0]]

    def six(self, short: str) -> list[Person]:
        """Head, deputy, and four people of a department; in a smaller town four others of the one that does its work."""
        if short in self.team:
            return self.team[short][:6]
        instead, group = self._stand_in(short)
        team = self.team[instead]
        return [*team[:2], *team[2 + 4 * group : 6 + 4 * group]]

    def _stand_in(self, short: str) -> tuple[str, int]:
        """(department, which of its groups of four) for one that this town does not have."""
        missing = [d.short for d in SAMPLE.departments if d.short not in self.team]
        at = missing.index(short)
        return sorted(self.team)[at % len(self.team)], 1 + at // len(self.team)


def actor(person: Person, now: int) -> Actor:
    """The person as the guard wants it, from this machine."""
    return actor_of(Account.objects.select_related("person").get(person=person), "127.0.0.1", now)


def in_role(person: Person, role: Role, now: int, reason: str = WHY) -> Actor:
    """The person in this role, which is activated where it has to be."""
    who = actor(person, now)
    if ROLES[role].privileged and not who.has_activated(role, now):
        roles.activate(person.roles.get(role=role, ended__isnull=True), hours=4, actor=who, reason=reason, now=now)
        who = actor(person, now)
    return who


def at_office(city: Staff, now: int) -> Actor:
    """The access officer, on role."""
    return in_role(city.named["access-officer"], "access-officer", now)


def oneself(person: Person) -> Actor:
    """An actor for what people do about themselves before admission."""
    return Actor(person.uid, person.display, admitted=False, client="127.0.0.1")


def today(now: int) -> date:
    return from_ms(now).date()
