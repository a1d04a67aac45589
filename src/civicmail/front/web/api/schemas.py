"""Schemas shared by several operations: person, authorization, end of access."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from civicmail.city.directory.models import Person
from civicmail.city.identity.models import Authorization


class Who(Schema):
    """uid: the personnel number, for ever."""

    uid: str
    name: str


class Right(Schema):
    """One person's right to one mailbox, with the four reasons in writing. role: holder, delegate or successor; state: asked,
    approved, active, suspended, expired, revoked, refused or withdrawn; cost: cents a year; roles to service: the reasons."""

    id: int
    person: Who
    mailbox: str
    role: str
    state: str
    since: datetime
    why: str
    department: str
    duties: str
    performance: str
    efficiency: str
    service: str
    requester: Who
    asked: datetime
    approver: Who | None
    decided: datetime | None
    starts: datetime | None
    until: datetime
    cost: int


WITH = ("mailbox__holder", "person", "department", "requester", "approver", "episode__contract", "episode__department")
"""What a right is read with."""


def who(person: Person) -> Who:
    return Who(uid=person.uid, name=person.display)


def maybe(person: Person | None) -> Who | None:
    return who(person) if person is not None else None


def right(a: Authorization) -> Right:
    """Read with WITH."""
    return Right(
        id=a.pk, person=who(a.person), mailbox=a.mailbox.address, role=a.role, state=a.state, since=a.since, why=a.why,
        department=a.department.code, duties=a.duties, performance=a.performance, efficiency=a.efficiency, service=a.service,
        requester=who(a.requester), asked=a.asked, approver=maybe(a.approver), decided=a.decided, starts=a.starts, until=a.until,
        cost=a.cost,
    )  # fmt: skip
