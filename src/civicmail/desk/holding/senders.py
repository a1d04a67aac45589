"""The person who sent a message: for notices, for a pseudonym, and for a name once two reviewers agreed."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import orjson

from civicmail.city.directory.models import Address, Department, Mailbox, Person
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, record_facts
from civicmail.mail.archive.errors import NotInArchive


def person_of(subject: str) -> Person | None:
    """subject: a uid, or an address of ours. None for a mailbox without an owner."""
    if (person := Person.objects.filter(uid=subject).first()) is not None:
        return person
    row = (
        Address.objects.filter(address=subject, until__isnull=True, mailbox__kind="personal")
        .select_related("mailbox__holder")
        .first()
    )
    return row.mailbox.holder if row is not None else None


def sender_of(capture: str) -> Person | None:
    """The sender of a message by its record; None if it no longer exists or was not sent from the city."""
    try:
        recorded, _ = queries.held_copies().record(uuid.UUID(capture).bytes)
    except (NotInArchive, DamagedFile):
        return None
    sent = record_facts.sent_by_person(orjson.loads(recorded.head(recorded.journal, recorded.number)))
    return person_of(sent.subject) if sent is not None else None


def address_of(person: Person) -> str:
    """The address of the person's own mailbox; "" without an open one."""
    rows = Mailbox.objects.filter(holder=person, kind="personal", closed__isnull=True).order_by("-made")
    return rows.values_list("address", flat=True).first() or ""


def addresses_of(people: Collection[int]) -> dict[int, str]:
    """Addresses of many people: id of the row -> address, without people who have none."""
    rows = Mailbox.objects.filter(holder__in=people, kind="personal", closed__isnull=True).order_by("made")
    return dict(rows.values_list("holder_id", "address"))


def department_of(person: Person) -> Department | None:
    """The department where the person works, or last worked."""
    episode = person.episodes.select_related("department").order_by("-starts").first()
    return episode.department if episode is not None else None
