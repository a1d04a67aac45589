"""A list that is a tab of one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.pages.lists import List, ListRequest


class OfRequest(List):
    """The rows of one request, under its head and tabs. tab: its word there."""

    template = "records/productions.html"
    tab = ""

    def parent(self, **keys: Any) -> Any:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Request

        return get_object_or_404(Request.objects.select_related("custodian"), number=keys["number"])

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(request=request.parent)

    def page_title(self, request: ListRequest) -> str:
        return self.tab

    def page_section(self, request: ListRequest) -> str:
        return str(request.parent.number)

    def page_crumbs(self, request: ListRequest) -> Sequence[tuple[str, str]]:
        from civicmail.desk.records.views import request_page

        return request_page.page(request.parent, self.tab).crumbs

    def context(self, request: ListRequest) -> Mapping[str, Any]:
        from civicmail.desk.records.views import request_page

        return {"sections": request_page.sections(request.parent, self.page.name if self.page else "", request.actor, request.now)}
