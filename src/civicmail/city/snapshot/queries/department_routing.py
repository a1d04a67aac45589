"""Addresses and domains of each department (P-04, P-06)."""

from __future__ import annotations

from collections import defaultdict

from civicmail.city.directory.models import Address, Department, MailGroup, ReservedAddress


def addresses_by_department() -> dict[str, list[str]]:
    """Code of each open department -> its addresses and domains: those configured, those of its mailboxes and lists, and reserved
    ones of its people. An address of a mailbox or a list belongs to its owner, whatever is configured. Five queries."""
    owner: dict[str, str] = {}
    addresses: dict[str, list[str]] = {}
    for code, routed_text in Department.objects.filter(closed__isnull=True).order_by("code").values_list("code", "routed"):
        addresses[code] = []
        owner |= {address: code for address in routed_text.split() if address not in owner}
    kept = ReservedAddress.objects.filter(person__episodes__ended__isnull=True, person__episodes__isnull=False)
    owner |= dict(kept.order_by().values_list("address", "person__episodes__department__code"))
    lists = MailGroup.objects.filter(closed__isnull=True).order_by()
    owner |= dict(lists.values_list("address", "department__code"))
    reaching = Address.objects.filter(until__isnull=True, mailbox__closed__isnull=True).order_by()
    owner |= dict(reaching.values_list("address", "mailbox__department__code"))
    by_code = defaultdict(list, addresses)
    for address, code in owner.items():
        if code in addresses:
            by_code[code].append(address)
    return dict(by_code)
