"""Which of the lists that each domain should have are missing, and who is behind one that names nobody (P-21, P-31)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from civicmail.city.access import officelists
from civicmail.city.access.models import DutyGrant
from civicmail.city.access.officelists import OfficeList
from civicmail.city.directory.models import Address, Mailbox, MailGroup


def missing(domains: tuple[str, ...]) -> dict[str, OfficeList]:
    """Address -> list, of those whose address is, or was, no list and no mailbox."""
    wanted = officelists.wanted(domains)
    known = {
        address
        for rows in (MailGroup.objects, Mailbox.objects, Address.objects)
        for address in rows.filter(address__in=wanted).values_list("address", flat=True)
    }
    return {address: one for address, one in wanted.items() if address not in known}


def holders(address: str, at: datetime | None = None) -> list[int]:
    """People (ids of rows) behind an office's list that names nobody: those with the first of its duties that anybody has."""
    found, at = officelists.of(address), at or timezone.now()
    for duty in found.duties if found is not None else ():
        rows = DutyGrant.objects.in_force(at).filter(duty=duty).order_by("id")
        if people := list(rows.values_list("person", flat=True)):
            return people
    return []


def read_by(person: int) -> list[str]:
    """Addresses of the lists that name nobody and whose mail comes to this person (id of the row)."""
    ends = [f"{local}@" for local, one in officelists.OFFICE_LISTS.items() if one.duties]
    rows = MailGroup.objects.filter(closed__isnull=True, everyone=False, members__isnull=True, subgroups__isnull=True)
    return [a for a in rows.order_by("id").values_list("address", flat=True) if a.startswith(tuple(ends)) and person in holders(a)]
