"""A work screen as templates/work.html offers it, for tests and to copy from: work_review.html, work_redaction.html."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from civicmail.city.pages.page import Page
from civicmail.front.web import urls

ITEMS = 60
HERE = Path(__file__).parent


def screen(request: HttpRequest) -> HttpResponse:
    """The screen; an act says what was asked for where "undo" is."""
    item = int(request.GET.get("item", 3))
    page = Page("Review: lead service lines, ward 6", "PR-2026-00041", [("PR-2026-00041", "/")])
    shown = {"item": item, "previous": item - 1, "next": item + 1, "items": range(1, ITEMS), "done": request.POST.get("act", "")}
    return _page(request, "work_review.html", {"page": page, **shown})


def redaction(request: HttpRequest) -> HttpResponse:
    return _page(
        request, "work_redaction.html", {"page": Page("Redact 000414", crumbs=[("PR-2026-00041", "/"), ("Review", "/panes/")])}
    )


def _page(request: HttpRequest, template: str, values: dict[str, object]) -> HttpResponse:
    return HttpResponse(engines["django"].from_string((HERE / template).read_text()).render(values, request))


urlpatterns = [*urls.urlpatterns, path("panes/", screen), path("panes/redact/", redaction)]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
