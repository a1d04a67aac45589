"""The list of incidents: reported mail (P-31)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, Flag, Identifier, List, ListRequest, Number, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.incidents.states import CASES


class Incidents(List):
    """List reported mail, newest first.

    One incident for all reporters. known: we have the message; sender: the claimed one; proposed: why a check opened it without a
    report; state: open, right or genuine; reports: number by people of the city; outside: number by others.
    """

    name, permission = "list_incidents", "reports.see"
    page = Page("incidents/", "incidents")
    operation = Operation("/incidents", "read:incidents", shape="IncidentLine")
    model, related = "incidents.Case", ("person",)
    title, section = "Reported mail", "Holding"
    caption, empty, noun, sort = "Reported mail", "Nobody has reported anything.", "cases", "-made"
    columns = (
        Number("id"),
        Identifier("message", value="capture"),
        Flag("known"),
        Time("made", "First reported", link=("incident",), sort=("made",)),
        State("state", "State", words=CASES),
        Column("sender", "Says it is from", cell=lambda c, _: c.sender or "nobody", full=True, sort=("sender",), name="from"),
        Number(
            "reports",
            "Reports",
            lambda c: len(c.reports.all()),
            cell=lambda c, _: len(c.reports.all()) + c.outside,
            sort=("count",),
            name="reports",
        ),
        Column("proposed", "Proposed because", name="because", alias="why"),
        Somebody("person", optional=True),
        Time("answered", optional=True),
        Column("why"),
        Number("outside"),
    )
    filters = (
        Filter("state", "State", choices=choices(CASES)),
        Filter("sender", "From has", ("sender__icontains",)),
    )

    def rows(self, request: ListRequest) -> Any:
        from django.db.models import Count

        return super().rows(request).annotate(count=Count("reports"))

    def with_related(self, rows: Any) -> Any:
        return super().with_related(rows).prefetch_related("reports")


INCIDENTS = Incidents()
