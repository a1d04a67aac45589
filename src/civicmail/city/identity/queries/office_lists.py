"""Required lists that a domain lacks, and the people behind a list that names nobody (P-21, P-31)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from civicmail.city.directory.models import Address, Mailbox, MailGroup
from civicmail.city.identity import office_lists
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.office_lists import OfficeList


def missing(domains: tuple[str, ...]) -> dict[str, OfficeList]:
    """Address -> list, of those whose address is, or was, no list and no mailbox."""
    by_address = office_lists.lists_by_address(domains)
    known = {
        address
        for rows in (MailGroup.objects, Mailbox.objects, Address.objects)
        for address in rows.filter(address__in=by_address).values_list("address", flat=True)
    }
    return {address: office_list for address, office_list in by_address.items() if address not in known}


def holders(address: str, at: datetime | None = None) -> list[int]:
    """People (ids of rows) behind an office's list that names nobody: the holders of the first of its roles that is assigned."""
    office_list, at = office_lists.find_list(address), at or timezone.now()
    for role in office_list.roles if office_list is not None else ():
        rows = RoleAssignment.objects.in_force(at).filter(role=role).order_by("id")
        if people := list(rows.values_list("person", flat=True)):
            return people
    return []


def read_by(person: int) -> list[str]:
    """Addresses of lists that name nobody and deliver to this person (id of the row)."""
    ends = [f"{local}@" for local, office_list in office_lists.OFFICE_LISTS.items() if office_list.roles]
    rows = MailGroup.objects.filter(closed__isnull=True, everyone=False, members__isnull=True, subgroups__isnull=True)
    return [a for a in rows.order_by("id").values_list("address", flat=True) if a.startswith(tuple(ends)) and person in holders(a)]
