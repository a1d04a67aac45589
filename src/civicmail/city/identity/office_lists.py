"""Mailing lists that every domain of the city has, and the roles that receive their mail (P-21, P-31). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.guard.roles import Role


@dataclass(frozen=True, slots=True)
class OfficeList:
    """roles: mail is delivered to the holders of the first of these roles that is assigned; if none is, to no mailbox."""

    name: str
    roles: tuple[Role, ...] = ()


OFFICE_LISTS = {
    "records": OfficeList("Public records", ("records-officer", "access-officer")),
    "report": OfficeList("Reports of dangerous mail"),  # each report is a case at the desk for reported mail, and no copy
}
"""Local part -> list."""


def lists_by_address(domains: tuple[str, ...]) -> dict[str, OfficeList]:
    """Address -> list, for these domains."""
    return {f"{local}@{domain}": office_list for domain in domains for local, office_list in OFFICE_LISTS.items()}


def find_list(address: str) -> OfficeList | None:
    return OFFICE_LISTS.get(address.partition("@")[0])
