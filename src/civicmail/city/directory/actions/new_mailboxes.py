"""Open personal mailboxes for many people at once, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from civicmail.city.directory.actions import addresses, reserved
from civicmail.city.directory.models import Address, Department, Mailbox, MailGroup, Person, ReservedAddress


def open_for(people: Sequence[Person], department: Department, domains: Sequence[str], *, now: datetime) -> dict[int, Mailbox]:
    """The mailbox of each person (by id of the row), owned by this department from now on: their existing one, else a new one with
    their reserved address, else with one made from the name."""
    by_holder: dict[int, Mailbox] = {}
    for box in Mailbox.objects.filter(holder__in=people).order_by("made"):  # the newest wins, an open one before all
        if box.holder_id is not None and (
            box.closed is None or getattr(by_holder.get(box.holder_id), "closed", box.made) is not None
        ):
            by_holder[box.holder_id] = box
    again = [box for box in by_holder.values() if box.closed is not None]
    Mailbox.objects.filter(pk__in=[box.pk for box in by_holder.values()]).update(department=department, closed=None)
    Address.objects.bulk_create([Address(address=b.address, mailbox=b, person_id=b.holder_id, since=now) for b in again])
    new = [p for p in people if p.pk not in by_holder]
    theirs = reserved.main_of([p.pk for p in new])
    taken = _taken([addresses.stem(p) for p in new if p.pk not in theirs], domains[0])
    made = []
    for person in new:
        address = theirs.get(person.pk) or addresses.next_free(addresses.stem(person), domains[0], taken)
        taken.add(address)
        made.append(
            Mailbox(
                address=address, name=person.display, kind=Mailbox.Type.PERSONAL, department=department, holder=person, made=now
            )
        )
    Mailbox.objects.bulk_create(made)
    Address.objects.bulk_create([Address(address=b.address, mailbox=b, person_id=b.holder_id, since=now) for b in made])
    for box in again:
        box.closed = None
    reserved.give([*again, *made], now=now)
    return by_holder | {box.holder_id: box for box in made if box.holder_id is not None}


def _taken(stems: list[str], domain: str) -> set[str]:
    """Every address ever assigned that begins like one of these names."""
    prefixes = tuple(stems)
    taken: set[str] = set()
    if not stems:
        return taken
    for rows in (Address.objects, Mailbox.objects, MailGroup.objects, ReservedAddress.objects):
        every = rows.filter(address__endswith=f"@{domain}").values_list("address", flat=True)
        taken |= {address for address in every.distinct() if address.startswith(prefixes)}
    return taken
