"""Reads of the directory for other rooms and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from civicmail.city.directory.errors import require_row
from civicmail.city.directory.models import Address, Department, Episode, FormerName, MailGroup, Person, ScimUser
from civicmail.city.directory.person_traits import Traits, traits
from civicmail.core.wire.paths import without_detail

_BATCH_SIZE = 1000


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
    """The owner of an address at a time: a person's mailbox, a function's, a list; None if it was unused (P-08, L3)."""
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


def traits_of(people: Iterable[Person]) -> dict[int, Traits]:
    """All that the directory ever had about people, by id of the row. Four queries for each thousand."""
    traits_by_id: dict[int, Traits] = {}
    rows = list(people)
    for begin in range(0, len(rows), _BATCH_SIZE):
        some = {p.pk: p for p in rows[begin : begin + _BATCH_SIZE]}
        uids = {p.uid: p.pk for p in some.values()}
        former: dict[int, list[FormerName]] = {pk: [] for pk in some}
        for was in FormerName.objects.filter(person__in=some):
            former[was.person_id].append(was)
        addresses: dict[int, list[str]] = {pk: [p.outside] for pk, p in some.items()}
        numbers: dict[int, list[str]] = {pk: [f"uid:{p.uid}"] for pk, p in some.items()}
        for pk, address in Address.objects.filter(person__in=some).order_by().values_list("person", "address"):
            addresses[pk].append(address)
        for pk, address in Address.objects.filter(mailbox__holder__in=some).order_by().values_list("mailbox__holder", "address"):
            addresses[pk].append(address)
        for uid, name, external in ScimUser.objects.filter(uid__in=uids).values_list("uid", "user_name", "external"):
            addresses[uids[uid]].append(name if "@" in name else "")
            numbers[uids[uid]].append(f"external:{external}" if external else "")
        for pk, p in some.items():
            traits_by_id[pk] = _traits(p, former[pk], addresses[pk], numbers[pk])
    return traits_by_id


def _traits(person: Person, former: list[FormerName], addresses: list[str], numbers: list[str]) -> Traits:
    before = [name for was in former for name in (was.display, f"{was.given} {was.family}")]
    addresses = [*addresses, *(was.outside for was in former if was.family or "@" in was.outside)]
    was_number = [f"uid:{was.uid}" if was.uid else "" for was in former]
    was_number += [f"external:{was.external}" if was.external else "" for was in former]
    phones = [person.phone, *(was.phone for was in former)]
    return traits((person.display, f"{person.given} {person.family}"), before, phones, addresses, [*numbers, *was_number])


def department_named(code: str) -> Department:
    """The department with this code. Raises Unusable."""
    return require_row(Department.objects.filter(code=code).first(), f"The directory has no department {code}.")
