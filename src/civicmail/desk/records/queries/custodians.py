"""The legal custodian of records and the deputies, as the city designated them in writing (Wis. Stat. 19.33 (4))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from civicmail.city.directory.models import Person
from civicmail.city.identity.models import RoleAssignment

MAILBOX = "records"
"""Local part of the desk's address in each domain (city/identity/office_lists.py)."""


@dataclass(frozen=True, slots=True)
class Designation:
    """A person who holds the office of records, since when, and by whose act."""

    person: Person
    since: datetime
    by: str


def designated(at: datetime) -> list[Designation]:
    """The custodian first, then the deputies, in the order of their designation."""
    rows = RoleAssignment.objects.in_force(at).filter(role="records-officer").select_related("person").order_by("starts", "id")
    return [Designation(row.person, row.starts, row.by) for row in rows]


def custodian(at: datetime) -> Person | None:
    """Who answers for requests."""
    return next((row.person for row in designated(at)), None)


def address() -> str:
    """The address of the desk."""
    domains = settings.CITY.city.domains
    return f"{MAILBOX}@{domains[0]}" if domains else ""
