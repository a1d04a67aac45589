"""Owners of addresses, which a personnel feed needs before it adds some (P-08, L3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from civicmail.city.directory.feed_addresses import AddressBook, HeldAddresses, Owner
from civicmail.city.directory.feed_diff import Known
from civicmail.city.directory.models import Address, Mailbox, MailGroup, ReservedAddress
from civicmail.core.message.lookalike import skeleton

BATCH_SIZE = 1000


def book(addresses: Collection[str] | None = None) -> AddressBook:
    """The owners of these addresses; None: of all, and similar ones. Four queries for each thousand."""
    domains = frozenset(domain.lower() for domain in settings.CITY.city.domains)
    if addresses is None:
        return AddressBook(domains, _owners(None), skeleton)
    owners: dict[str, Owner] = {}
    every = sorted(set(addresses))
    for begin in range(0, len(every), BATCH_SIZE):
        owners |= _owners(every[begin : begin + BATCH_SIZE])
    return AddressBook(domains, owners)


def _owners(some: list[str] | None) -> dict[str, Owner]:
    def among(rows: QuerySet[Any]) -> QuerySet[Any]:
        return (rows if some is None else rows.filter(address__in=some)).order_by()

    owners = {}
    for address, uid, name in among(ReservedAddress.objects.all()).values_list("address", "person__uid", "person__display"):
        owners[address] = Owner(uid, f"the address of {name} ({uid})", kept=True)
    of_aliases = ("address", "person__uid", "person__display", "mailbox__address")
    for address, uid, name, box in among(Address.objects.all()).values_list(*of_aliases):
        owners[address] = (
            Owner(uid, f"or was the address of {name} ({uid})") if uid else Owner("", f"an address of the mailbox {box}")
        )
    of_boxes = ("address", "holder__uid", "holder__display")
    for address, uid, name in among(Mailbox.objects.all()).values_list(*of_boxes):
        owners[address] = Owner(uid, f"the address of {name} ({uid})") if uid else Owner("", "a mailbox that is no person's own")
    for address in among(MailGroup.objects.all()).values_list("address", flat=True):
        owners[address] = Owner("", f"the list {address}")
    return owners


def with_addresses(people: Mapping[str, Known], *, everybody: bool = False) -> dict[str, Known]:
    """The same people with the addresses that they have. everybody: these are all of the city. Four queries."""
    addresses = addresses_by_uid(None if everybody else {*people})
    return {uid: replace(person, had=addresses[uid]) if uid in addresses else person for uid, person in people.items()}


def addresses_by_uid(uids: set[str] | None) -> dict[str, HeldAddresses]:
    """The addresses of these people, or of everybody, by uid."""
    boxes = Mailbox.objects.filter(holder__isnull=False)
    kept, reaching = ReservedAddress.objects.all(), Address.objects.filter(until__isnull=True, person__isnull=False)
    if uids is not None:
        boxes = boxes.filter(holder__uid__in=uids)
        kept, reaching = kept.filter(person__uid__in=uids), reaching.filter(person__uid__in=uids)
    rows = list(boxes.order_by("made", "id").values_list("holder__uid", "address", "closed"))
    rows.sort(key=lambda row: row[2] is None)  # the newest wins, an open one before all
    box = {uid: address for uid, address, _ in rows if uid is not None}
    main: dict[str, str] = dict(box)
    others: dict[str, set[str]] = defaultdict(set)
    for uid, address in reaching.order_by().values_list("person__uid", "address"):
        if uid is not None:
            others[uid].add(address)
    for uid, address, is_main in kept.order_by().values_list("person__uid", "address", "main"):
        others[uid].add(address)
        if is_main:
            main[uid] = address
    everyone = {*box, *others}
    return {uid: _had_of(main.get(uid, ""), others[uid], box.get(uid, "")) for uid in everyone}


def _had_of(main: str, others: Iterable[str], box: str) -> HeldAddresses:
    return HeldAddresses(main, tuple(sorted({*others} - {main})), box)


def of_lines(changes: Iterable[Mapping[str, list[str]]]) -> Iterator[str]:
    """Every address in the lines."""
    for change in changes:
        for column in ("address", "aliases"):
            yield from change.get(column, ["", ""])[1].split()
