"""Reserve the addresses that people already have in the personnel feed, and give them to their mailboxes (P-08)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from civicmail.city.directory.models import Address, Mailbox, ReservedAddress

AT_ONCE = 1000


def main_of(people: Collection[int]) -> dict[int, str]:
    """The address by which the mailbox of each is called, by id of the person; who has none is not there."""
    rows = ReservedAddress.objects.filter(person__in=people, main=True)
    return dict(rows.order_by().values_list("person_id", "address"))


def keep(addresses_by_person: Mapping[int, tuple[str, Collection[str]]]) -> None:
    """Reserve exactly these addresses for people: id of the person -> (main, others). They are free, or theirs, already."""
    ids = list(addresses_by_person)
    for begin in range(0, len(ids), AT_ONCE):
        ReservedAddress.objects.filter(person__in=ids[begin : begin + AT_ONCE]).delete()
    rows = [
        ReservedAddress(address=address, person_id=pk, main=address == main)
        for pk, (main, others) in addresses_by_person.items()
        for address in sorted({main, *others} - {""})
    ]
    ReservedAddress.objects.bulk_create(rows, batch_size=AT_ONCE)


def give(boxes: Sequence[Mailbox], *, now: datetime) -> list[Address]:
    """Add the reserved addresses of their owners to these open mailboxes; returns what was new.
    An owner's other open mailbox keeps its addresses."""
    by_holder = {box.holder_id: box for box in boxes if box.holder_id is not None and box.closed is None}
    kept = defaultdict(list)
    holders = list(by_holder)
    for begin in range(0, len(holders), AT_ONCE):
        some = ReservedAddress.objects.filter(person__in=holders[begin : begin + AT_ONCE]).order_by("id")
        for person, address in some.values_list("person_id", "address"):
            kept[person].append(address)
    every = [address for theirs in kept.values() for address in theirs]
    used: set[str] = set()
    for begin in range(0, len(every), AT_ONCE):
        rows = Address.objects.filter(address__in=every[begin : begin + AT_ONCE], until__isnull=True)
        used |= set(rows.values_list("address", flat=True))
    new = [
        Address(address=address, mailbox=by_holder[person], person_id=person, since=now)
        for person, theirs in kept.items()
        for address in theirs
        if address not in used
    ]
    return Address.objects.bulk_create(new, batch_size=AT_ONCE)
