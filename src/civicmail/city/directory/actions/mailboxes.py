"""Mailboxes and their addresses: each mailbox has one owning department (M1), each address one person for ever (L3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from civicmail.city.directory import local_part
from civicmail.city.directory.actions import addresses, reserved
from civicmail.city.directory.errors import field_error, require_usable
from civicmail.city.directory.models import Address, Department, Mailbox, Person


def open_personal(person: Person, department: Department, address: str, domains: Collection[str], *, now: datetime) -> Mailbox:
    """Open the mailbox of one person, or reopen their old one (L5). Raises Unusable."""
    address = local_part.checked(address, domains, personal=True)
    mine = Mailbox.objects.filter(address=address, holder=person).first()
    if mine is not None:
        return mine if mine.closed is None else reopen(mine, department, now=now)
    made = _make(address, person.display, Mailbox.Type.PERSONAL, department, holder=person, now=now)
    reserved.give([made], now=now)
    return made


def open_function(
    address: str, name: str, department: Department, purpose: str, domains: Collection[str], *, now: datetime
) -> Mailbox:
    """Open the mailbox of an office, which named people use and which has no sign-in of its own (M5). Raises Unusable."""
    address = local_part.checked(address, domains)
    return _make(address, name, Mailbox.Type.FUNCTION, department, purpose=purpose, now=now)


def open_service(
    address: str, name: str, department: Department, purpose: str, expires: datetime, domains: Collection[str], *, now: datetime
) -> Mailbox:
    """The address of a machine that sends (S1); it ends by itself. Raises Unusable."""
    if expires <= now:
        raise field_error("expires", "A service mailbox ends in the future.")
    address = local_part.checked(address, domains)
    return _make(address, name, Mailbox.Type.SERVICE, department, purpose=purpose, expires=expires, now=now)


def close(mailbox: Mailbox, *, now: datetime) -> None:
    """Close a mailbox: it accepts no mail; its mail, its row and its addresses stay."""
    if mailbox.closed is None:
        mailbox.closed = now
        mailbox.save(update_fields=["closed"])
        Address.objects.filter(mailbox=mailbox, until__isnull=True).update(until=now)


def reopen(mailbox: Mailbox, department: Department, *, now: datetime) -> Mailbox:
    """Reopen a mailbox for the same owner, owned by this department from now on."""
    mailbox.department = department
    if mailbox.closed is not None:
        mailbox.closed = None
        Address.objects.create(address=mailbox.address, mailbox=mailbox, person=mailbox.holder, since=now)
        reserved.give([mailbox], now=now)
    mailbox.save(update_fields=["department", "closed"])
    return mailbox


def _make(
    address: str,
    name: str,
    kind: Mailbox.Type,
    department: Department,
    *,
    holder: Person | None = None,
    purpose: str = "",
    expires: datetime | None = None,
    now: datetime,
) -> Mailbox:
    fields = {}
    if not name.strip():
        fields["name"] = "A mailbox has a name."
    if holder is None and len(purpose.strip()) < 20:
        fields["purpose"] = "Say in at least 20 characters what it is for."
    require_usable(fields)
    if Mailbox.objects.filter(address=address).exists():
        raise field_error("address", f"{address} is or was a mailbox.")
    addresses.require_free(address, holder)
    mailbox = Mailbox.objects.create(
        address=address, name=name.strip(), kind=kind, department=department, holder=holder, purpose=purpose.strip(), made=now,
        expires=expires,
    )  # fmt: skip
    Address.objects.create(address=address, mailbox=mailbox, person=holder, since=now)
    return mailbox
