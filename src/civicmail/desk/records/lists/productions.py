"""The productions of a request (P-21)."""

from __future__ import annotations

from collections.abc import Sequence

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Link, ListRequest, Number, Operation, Somebody, State, Time
from civicmail.desk.records.lists.of_request import OfRequest
from civicmail.desk.records.states import PRODUCTION


class Productions(OfRequest):
    """List the productions of a request, newest first.

    number: of the production; documents: how many it has; first, last: numbers of its pages, 0 before they are numbered; formats:
    beside PDF and text; manifest: SHA-256 of its list of files, to which an approval is bound.
    """

    name, permission = "list_record_productions", "records.see"
    page = Page("records/requests/<slug:number>/productions/", "records-productions")
    operation = Operation("/records/requests/{str:number}/productions", "read:records", shape="RecordProductionLine")
    model, related = "records.Production", ("request", "by", "approved_by")
    tab = "Productions"
    caption, empty, noun, sort = "Productions", "Nothing was produced yet.", "productions", "-number"
    columns = (
        Number("number", "Production", link=("records-production", "request.number", "number"), sort=("number",), is_number=False),
        State("state", "State", words=PRODUCTION),
        Number("documents", "Documents", "total"),
        Number("first"),
        Number("last"),
        Time("at", "Ordered", sort=("at",)),
        Somebody("by", "By"),
        Somebody("approved_by", "Approved by", optional=True),
        Time("released", "Released", optional=True, sort=("released",)),
        Column("manifest"),
    )

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        number = request.parent.number
        return [Link("Order a production", "records-production-order", args=[number], permission="records.work", primary=True)]


PRODUCTIONS = Productions()
