"""The productions of a request (P-21)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Link, List, ListRequest, Number, Operation, Somebody, State, Time
from civicmail.desk.records.states import PRODUCTION


class Productions(List):
    """List the productions of a request, newest first.

    number: of the production; documents: how many it has; first, last: numbers of its pages, 0 before they are numbered; formats:
    beside PDF and text; manifest: SHA-256 of its list of files, to which an approval is bound.
    """

    name, permission = "list_record_productions", "records.see"
    page = Page("records/requests/<slug:number>/productions/", "records-productions")
    operation = Operation("/records/requests/{str:number}/productions", "read:records", shape="RecordProductionLine")
    model, related = "records.Production", ("request", "by", "approved_by")
    template = "records/productions.html"
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

    def parent(self, **keys: Any) -> Any:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Request

        return get_object_or_404(Request.objects.select_related("custodian"), number=keys["number"])

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(request=request.parent)

    def page_title(self, request: ListRequest) -> str:
        return "Productions"

    def page_section(self, request: ListRequest) -> str:
        return str(request.parent.number)

    def page_crumbs(self, request: ListRequest) -> Sequence[tuple[str, str]]:
        from civicmail.desk.records.views import request_page

        return request_page.page(request.parent, "Productions").crumbs

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        number = request.parent.number
        return [Link("Order a production", "records-production-order", args=[number], permission="records.work", primary=True)]

    def context(self, request: ListRequest) -> Mapping[str, Any]:
        from civicmail.desk.records.views import request_page

        return {"sections": request_page.sections(request.parent, "records-productions")}


PRODUCTIONS = Productions()
