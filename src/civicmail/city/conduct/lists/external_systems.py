"""The list of external systems that people of the city get into (P-08)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Column, Filter, Link, List, ListRequest, Number, Operation, Shown, Somebody, Time
from civicmail.city.pages.states import label


def _hook(d: Any, _request: ListRequest) -> Cell:
    return Cell(f"Told: {d.hook}" if d.hook else "By hand", hint=str(d.person))


class ExternalSystems(List):
    """List external systems that people of the city use.

    person: responsible for it; hook: the name of the webhook in the settings, empty if accounts are ended by hand; days: in which
    an end must be confirmed.
    """

    name, permission, order = "list_outside_doors", "outside.see", "code"
    page = Page("access/outside/", "outside-doors")
    operation = Operation("/outside-doors", "read:access", shape="OtherDoor")
    title, section = "External systems", "Access office"
    links = (
        Link("Add a door", "outside-new", permission="outside.change", primary=True),
        Link("Ends of access there", "outside-endings"),
    )
    caption, noun, sort = "External systems", "doors", "name"
    empty = "No other system is known here. Add the ones that people get into, so that an end of access reaches them, too."
    columns = (
        Column("code"),
        Column("name", "Door", link=("outside-door", "code"), sort=("name",)),
        Somebody("person"),
        Column("hook", "Ended by", cell=_hook, sort=("hook",), alias="how"),
        Number("days"),
        Shown("people", "People", sort=("people",), name="people", is_number=True),
        Shown("waiting", "To be ended", lambda d: d.waiting or "", sort=("waiting",), name="to be ended", is_number=True),
        Shown("late", "Late", cell=lambda d, _: Cell(str(d.late), role="stop") if d.late else "", sort=("late",), name="late"),
        Time("closed", "Used", cell=lambda d, _: label("retired") if d.closed else "", optional=True, sort=("closed",)),
    )
    filters = (Filter("q", "Words", ("name__icontains",)),)

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.conduct.queries import external_systems

        return external_systems.doors()


EXTERNAL_SYSTEMS = ExternalSystems()
