"""The lists of privileged addresses, and of privileged messages that examiners asked for (P-16; E7)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Choice,
    Column,
    Filter,
    Identifier,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    Shown,
    Somebody,
    State,
    Texts,
    Time,
)
from civicmail.city.pages.states import choices
from civicmail.desk.workbench.privilege import KINDS, STATES, names


class PrivilegedAddresses(List):
    """List addresses with which mail is privileged.

    address: `@firm.example` for everybody there; kind: attorney, health or union; by: who listed it.
    """

    name, permission, order = "list_privileged_addresses", "privilege.see", "address"
    page = Page("privileged/", "privileged")
    operation = Operation("/privileged-addresses", "read:mandates")
    model = "workbench.PrivilegedAddress"
    title, section = "Privileged mail", "Oversight"
    caption, noun, sort = "Privileged addresses", "addresses", "address"
    empty = "No address is listed. Mail of the city attorney and of protected people of a union is privileged by itself."
    columns = (
        Number("id"),
        Column("address", "Address", sort=("address",), full=True, hint=lambda row: row.note),
        Column("note"),
        Choice("kind", "Privileged as", sort=("kind",), name="as", words=KINDS),
        Column("by"),
        Time("since", "Since", sort=("since",), name="since"),
        Shown("end", "", cell=lambda row, request: _end(row, request)),
    )
    filters = (
        Filter("q", "Address or name", ("address__icontains", "note__icontains")),
        Filter("kind", "Privileged as", choices=list(KINDS.items())),
    )
    links = (
        Link("Messages to clear", "clearances"),
        Link("List an address", "privileged-new", permission="privilege.change", primary=True),
    )

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(ended__isnull=True)


def _end(row: Any, request: ListRequest) -> Cell:
    from django.urls import reverse

    may_change = request.actor.holds("city-attorney")
    return Cell("Take off", reverse("privileged-end", args=[row.pk])) if may_change else Cell()


class Clearances(List):
    """List privileged messages that examiners asked the city attorney to clear, newest first.

    mandate: number of the examination; message: id; kinds: why it is privileged; person: who asked; attorney: who answered.
    """

    name, permission = "list_privileged_messages", "privilege.see"
    page = Page("privileged/messages/", "clearances")
    operation = Operation("/privileged-messages", "read:mandates", shape="PrivilegedMessage")
    model, related = "workbench.Clearance", ("mandate", "person", "attorney")
    title, section = "Privileged messages", "Oversight"
    crumbs = (("Privileged mail", "privileged"),)
    caption, noun, sort = "Privileged messages that were asked for", "messages", "-made"
    empty = "Nobody has asked for a privileged message."
    columns = (
        Number("id"),
        Time("made", "Asked", link=("clearance",), sort=("made",)),
        State("state", "State", words=STATES, sort=("state",)),
        Column("mandate", "Examination", "mandate.number", sort=("mandate__number",), name="examination"),
        Identifier("message", value="capture"),
        Texts("kinds", "Privileged as", cell=lambda row, _: names(row.kinds), name="as"),
        Somebody("person", "Asked by", sort=("person__family",), name="asked by"),
        Column("reason", "Reason"),
        Somebody("attorney", "Answered by", optional=True, name="answered by"),
        Time("answered", optional=True),
        Column("answer"),
    )
    filters = (
        Filter("state", "State", choices=choices(STATES)),
        Filter("mandate", "Examination", ("mandate__number",)),
    )


PRIVILEGED_ADDRESSES, CLEARANCES = PrivilegedAddresses(), Clearances()
LISTS = (PRIVILEGED_ADDRESSES, CLEARANCES)
