"""The list of agencies (P-09)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Command, Filter, Link, List, ListRequest, Operation, Shown, Time
from civicmail.city.pages.states import choices, label, labels


def _line(agency: Any) -> str:
    since = f", suspended since {agency.suspended.isoformat()}" if agency.suspended else ""
    return f"{agency.code:16} {agency.name}, {agency.people} people{since}"


def _owing(rows: Any, _value: str, request: ListRequest) -> Any:
    from civicmail.city.identity.queries import undertakings

    return rows.filter(pk__in=[agency.pk for agency in undertakings.agencies_owing(request.now)])


class Agencies(List):
    """List agencies by code.

    suspended: since when it is switched off.
    """

    name, permission, order = "list_agencies", "agency.see", "code"
    page = Page("access/agencies/", "agencies")
    operation = Operation("/agencies", "read:people", shape="AgencyLine")
    command = Command("agency list", ("code", "name", "people", "suspended"), _line)
    model = "directory.Agency"
    title, section = "Agencies", "Access office"
    links = (
        Link("Add an agency", "agency-new", permission="agency.change", primary=True),
        Link("Sponsors", "sponsors"),
    )
    caption, noun, sort = "Agencies", "agencies", "name"
    empty = "No agency is known. Its people come by the personnel feed once it and its contract are here."
    columns = (
        Column("code"),
        Column("name", "Agency", link=("agency", "code"), hint=lambda a: a.contact, sort=("name",)),
        Column("contact"),
        Time("suspended", optional=True),
        Shown("state", "State", cell=lambda a, _: label("suspended" if a.suspended else "active")),
        Shown("people", "People now", sort=("people",), name="people now", is_number=True),
        Shown("contracts", "Contracts running", "running", sort=("running",), name="contracts running", is_number=True),
        Shown("last", "Last one ends", sort=("last",), name="last one ends"),
    )
    filters = (
        Filter("q", "Words", ("name__icontains", "code__icontains")),
        Filter(
            "state",
            "State",
            apply=lambda q, value, _: q.filter(suspended__isnull=value == "on"),
            choices=choices(labels(on="active", off="suspended")),
        ),
        Filter("agreement", "Agreement", apply=_owing, choices=[("due", "must be signed")]),
    )

    def rows(self, request: ListRequest) -> Any:
        from django.db.models import Count, Max, Q
        from django.utils import timezone

        from civicmail.city.guard.epoch import from_ms

        working = Q(contracts__episodes__ended__isnull=True, contracts__episodes__isnull=False)
        running = Q(contracts__ends__gte=timezone.localdate(from_ms(request.now)))
        return (
            super()
            .rows(request)
            .annotate(
                people=Count("contracts__episodes", filter=working, distinct=True),
                running=Count("contracts", filter=running, distinct=True),
                last=Max("contracts__ends"),
            )
        )


AGENCIES = Agencies()
