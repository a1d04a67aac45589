"""Reads of the directory for other rooms and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from civicmail.city.directory.models import Address, Department, Episode, MailGroup, Person
from civicmail.core.wire.paths import without_detail


@dataclass(frozen=True, slots=True)
class AddressOwner:
    """The owner of an address at a time. person and mailbox: "" if there was none; until: None while it lasts."""

    address: str
    mailbox: str
    kind: str
    person: str
    name: str
    department: str
    since: datetime
    until: datetime | None


def owner_at(address: str, on: datetime) -> AddressOwner | None:
    """The owner of an address at a time: a person's mailbox, a function's, a list; None if it reached nobody (P-08, L3)."""
    address = address.strip().lower()
    for key in dict.fromkeys((address, without_detail(address))):
        row = (
            Address.objects.select_related("mailbox__department", "person")
            .filter(Q(until__isnull=True) | Q(until__gt=on), address=key, since__lte=on)
            .first()
        )
        if row is not None:
            box, person = row.mailbox, row.person
            uid, name = (person.uid, person.display) if person else ("", box.name)
            return AddressOwner(
                key, box.address, box.kind, uid, name, _department_at(person, box.department, on), row.since, row.until
            )
    group = MailGroup.objects.select_related("department").filter(address=address, made__lte=on).first()
    if group is not None and (group.closed is None or group.closed > on):
        return AddressOwner(address, "", "list", "", group.name, group.department.code, group.made, group.closed)
    return None


def _department_at(person: Person | None, owner: Department, on: datetime) -> str:
    if person is None:
        return owner.code
    day = on.date()
    episode = (
        Episode.objects.select_related("department")
        .filter(Q(ended__isnull=True) | Q(ended__gte=day), person=person, starts__lte=day)
        .first()
    )
    return episode.department.code if episode else owner.code


def staff_of(department: Department) -> list[Episode]:
    """People who work in a department itself, by position and name."""
    rows = Episode.objects.filter(department=department, ended__isnull=True).select_related("person", "supervisor")
    return list(rows.order_by("position", "person__family", "person__given"))
