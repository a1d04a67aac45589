"""Inputs about a person and their work, for pages, API and commands (P-08)."""

from __future__ import annotations

from civicmail.city.identity.authorization_states import OVERLAP_DAYS
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.pages.inputs import Choice, Day, Input, Number, OptionalDay, OptionalKey, OptionalPerson, Text, reason


class WorkToBegin(Input):
    """Work that begins. contract: number of the row, for contractors, vendors and agents; supervisor: number or address."""

    kind = Choice(label="What is the person to the city?", choices=[(kind, kind) for kind in PERSON_KINDS])
    contract = OptionalKey(label="Under which contract?", help="For contractors, vendors and agents.")
    position = Text(label="Position", max_length=120, rows=1, required=False)
    supervisor = OptionalPerson(label="Supervisor")
    starts = Day(label="First day")
    ends = OptionalDay(label="Last day, as planned")
    reason = reason()


class PersonToAdd(Input):
    """uid: of the personnel system, permanent; display: as shown in From."""

    uid = Text(label="Personnel number", help="As the personnel system has it; it stays for ever.", max_length=60, rows=1)
    given = Text(label="Given name", max_length=80, rows=1, required=False)
    family = Text(label="Family name", max_length=80, rows=1)
    display = Text(
        label="Display name", help="As it stands in From. Empty: given and family name.", max_length=160, rows=1, required=False
    )
    phone = Text(label="Telephone", max_length=40, rows=1, required=False)
    language = Choice(label="Language", default="en")
    kind = WorkToBegin.kind
    contract = WorkToBegin.contract
    position = WorkToBegin.position
    supervisor = WorkToBegin.supervisor
    starts = WorkToBegin.starts
    ends = WorkToBegin.ends
    reason = reason()


class PersonToChange(Input):
    """Fields that are left out stay unchanged."""

    given = Text(label="Given name", max_length=80, rows=1, required=False, implied=True)
    family = Text(label="Family name", max_length=80, rows=1, implied=True)
    display = Text(
        label="Display name", help="As it stands in From. Empty: given and family name.", max_length=160, rows=1, required=False,
        implied=True,
    )  # fmt: skip
    phone = Text(label="Telephone", max_length=40, rows=1, required=False, implied=True)
    language = Choice(label="Language", implied=True)
    position = Text(label="Position", max_length=120, rows=1, required=False, implied=True)
    supervisor = OptionalPerson(label="Supervisor", implied=True)
    reason = reason()


class Moving(Input):
    """department: the new one; overlap: days for which access of the old one continues."""

    department = Choice(label="To which department?")
    position = Text(label="Position there", max_length=120, rows=1, required=False)
    supervisor = OptionalPerson(label="Supervisor there")
    overlap = Number(
        label="For how many days does access go on?", help="0 to 90; then what this department authorized ends.", minimum=0,
        maximum=90, default=OVERLAP_DAYS,
    )  # fmt: skip
    reason = reason()
