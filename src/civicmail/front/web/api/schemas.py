"""Schemas shared by several operations: person, authorization, end of access."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, get_args

from ninja import Field, Schema

from civicmail.city.directory.models import Agency, Department, Mailbox, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.authorization_states import WORDS
from civicmail.city.identity.models import Authorization
from civicmail.city.pages.states import described


def shown_as(shown: Mapping[str, tuple[str, str]]) -> Any:
    """A state: its values, and for each the word of pages and its meaning (city/pages/states.py)."""
    return Field(description=described(shown))


class RowSchema(Schema):
    """A schema whose fields are named as the attributes of a row."""

    @classmethod
    def from_row(cls, row: Any, **given: Any) -> Self:
        """The row as a program reads it. given: fields that it does not have, or not like this."""
        read = {name: _shown(getattr(row, name), field.annotation) for name, field in cls.model_fields.items() if name not in given}
        return cls(**read, **given)


class Who(Schema):
    """uid: the personnel number, for ever."""

    uid: str
    name: str


class Right(RowSchema):
    """One person's right to one mailbox, with the four reasons in writing. role: holder, delegate or successor; state: asked,
    approved, active, suspended, expired, revoked, refused or withdrawn; cost: cents a year; roles to service: the reasons."""

    id: int
    person: Who
    mailbox: str
    role: str
    state: Annotated[str, shown_as(WORDS)]
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


def _shown(value: Any, kind: Any) -> Any:
    """A value of a row: people as Who, departments and agencies by code, mailboxes by address, ms as times; no text is
    empty."""
    match value:
        case Person():
            return who(value)
        case Department() | Agency():
            return value.code
        case Mailbox():
            return value.address
        case None if kind is str:
            return ""
        case int() if datetime in (kind, *get_args(kind)):
            return from_ms(value)
        case _:
            return value


def who(person: Person) -> Who:
    return Who(uid=person.uid, name=person.display)


def maybe(person: Person | None) -> Who | None:
    return who(person) if person is not None else None


def right(a: Authorization) -> Right:
    """Read with WITH."""
    return Right.from_row(a)
