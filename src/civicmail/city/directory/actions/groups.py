"""Mailing lists: an address with the mailboxes and lists behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from civicmail.city.directory import local_part
from civicmail.city.directory.actions import addresses
from civicmail.city.directory.errors import field_error
from civicmail.city.directory.models import Department, Mailbox, MailGroup


def make(
    address: str, name: str, department: Department, domains: Collection[str], *, everyone: bool = False, now: datetime
) -> MailGroup:
    """everyone: all personal mailboxes of the department and its divisions. Raises Unusable."""
    address = local_part.checked(address, domains)
    addresses.require_free(address, None)
    if Mailbox.objects.filter(address=address).exists():
        raise field_error("address", f"{address} is or was a mailbox.")
    if not name.strip():
        raise field_error("name", "A list has a name.")
    return MailGroup.objects.create(address=address, name=name.strip(), department=department, everyone=everyone, made=now)


def change(group: MailGroup, members: Iterable[Mailbox], subgroups: Iterable[MailGroup] = ()) -> dict[str, list[str]]:
    """Set the members of a list; returns the addresses that were added and removed.
    A list that contains itself through others is harmless: it is expanded once."""
    by_address = {box.address: box for box in members}
    inside = {sub.address: sub for sub in subgroups if sub.pk != group.pk}
    before = set(group.members.values_list("address", flat=True)) | set(group.subgroups.values_list("address", flat=True))
    group.members.set(by_address.values())
    group.subgroups.set(inside.values())
    after = set(by_address) | set(inside)
    return {"added": sorted(after - before), "removed": sorted(before - after)}


def close(group: MailGroup, *, now: datetime) -> None:
    """The list takes nothing more; its address stays its own."""
    group.closed = now
    group.save(update_fields=["closed"])
