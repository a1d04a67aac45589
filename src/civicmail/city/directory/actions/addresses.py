"""Addresses: which are valid, whose they were, and that none is ever given to another person (L3, P-08)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from civicmail.city.directory.errors import field_error
from civicmail.city.directory.local_part import RESERVED
from civicmail.city.directory.models import Address, Mailbox, MailGroup, Person, ReservedAddress


def proposed(person: Person, domain: str) -> str:
    """first.last@domain for a person, with a number if that was ever given."""
    name = stem(person)
    taken = set(Address.objects.filter(address__startswith=name).exclude(person=person).values_list("address", flat=True))
    taken |= set(Mailbox.objects.filter(address__startswith=name).exclude(holder=person).values_list("address", flat=True))
    taken |= set(MailGroup.objects.filter(address__startswith=name).values_list("address", flat=True))
    taken |= set(ReservedAddress.objects.filter(address__startswith=name).exclude(person=person).values_list("address", flat=True))
    return next_free(name, domain, taken)


def stem(person: Person) -> str:
    """first.last in the characters of an address."""
    return (_plain(f"{person.given}.{person.family}") or _plain(person.uid) or "person")[:60]


def next_free(name: str, domain: str, taken: Collection[str]) -> str:
    """name@domain, with a number where that is taken or the name of a role."""
    number, address = 1, f"{name}@{domain}"
    while address in taken or address.partition("@")[0] in RESERVED:
        number += 1
        address = f"{name}{number}@{domain}"
    return address


def require_free(address: str, person: Person | None, mailbox: Mailbox | None = None) -> None:
    """Raise Unusable unless the address may reach a mailbox (None: a new one) of this person, or of no person: it is unused now and
    never reached another person (L3). Another office's mailbox counts too, because its old mail would be read there
    (docs/decisions/0033)."""
    if MailGroup.objects.filter(address=address).exists():
        raise field_error("address", f"{address} is or was a list.")
    if Address.objects.filter(address=address, until__isnull=True).exists():
        raise field_error("address", f"{address} is in use.")
    others = ReservedAddress.objects.filter(address=address).exclude(person=person)
    if kept := others.select_related("person").first():
        raise field_error("address", f"{address} is kept for {kept.person}, who has it by the personnel list.")
    theirs = Q(person=person) if person else Q(mailbox=mailbox) if mailbox else Q(pk=None)
    if other := Address.objects.filter(address=address).exclude(theirs).select_related("mailbox").first():
        if other.person_id:
            raise field_error("address", f"{address} belonged to another person. An address is never reused.")
        raise field_error(
            "address", f"{address} reached {other.mailbox.address}; mail to it stays there. Let people use that mailbox."
        )


def give(mailbox: Mailbox, address: str, *, now: datetime) -> Address:
    """Let a checked address reach a mailbox from now on."""
    require_free(address, mailbox.holder, mailbox)
    return Address.objects.create(address=address, mailbox=mailbox, person=mailbox.holder, since=now)


def take(mailbox: Mailbox, address: str, *, now: datetime) -> None:
    """End an alias; its row stays, so that the address is never reassigned. The main address ends only with its mailbox."""
    if address == mailbox.address:
        raise field_error("address", "The main address of a mailbox stays as long as the mailbox.")
    if not Address.objects.filter(mailbox=mailbox, address=address, until__isnull=True).update(until=now):
        raise field_error("address", f"{address} does not reach this mailbox.")


def _plain(name: str) -> str:
    """A name in the characters of an address."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", ".", plain).strip(".")


_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "Ae", "đ": "d", "Đ": "D", "þ": "th"})
