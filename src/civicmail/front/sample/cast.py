"""The people that a visitor of the demo can be, one for each role."""

from __future__ import annotations

from typing import NamedTuple

from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import ROLES
from civicmail.front.sample.staff_context import Staff


class Role(NamedTuple):
    """login: how the person signs in; role: what the demo calls it; can: what there is to see."""

    login: str
    name: str
    role: str
    can: str


_NAMED = (
    ("clerk", "Employee", "reads and searches own mail, sees the reasons for having access, sets up a phone"),
    ("supervisor", "Supervisor", "asks for access, with the four reasons"),
    ("head", "Department head", "decides who of Public Works has mail, and may ask to look at the department's mail"),
    ("deputy", "Deputy", "does so while the head is away"),
    *((role, meaning.name, meaning.purpose) for role, meaning in ROLES.items() if role != "authoriser"),
    ("contractor", "Contractor", "has mail for as long as the contract"),
    ("mayor", "Mayor", "is bound like everybody else"),
    ("unacknowledged", "New employee", "has to read the policy first"),
    ("without-access", "Employee without access", "is told whom to ask"),
    ("suspended", "Suspended employee", "is told why, and by whom"),
)


def cast(city: Staff) -> list[Role]:
    """Everybody of the list whom this city has."""
    chosen = [(city.named[key], role, can) for key, role, can in _NAMED if key in city.named]
    logins = dict(Account.objects.filter(person__in=[person for person, _, _ in chosen]).values_list("person", "username"))
    return [Role(logins[person.pk], person.display, role, can) for person, role, can in chosen if person.pk in logins]
