"""Preview of one file as text and drawn pages, for mailboxes that receive files from strangers (P-25)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from civicmail.city.pages.page import Page
from civicmail.desk.viewer import file_preview, runs
from civicmail.desk.viewer.views import words
from civicmail.desk.viewer.views.message_pages import Links, PermitFor, file_of, path_of
from civicmail.mail.archive.places import Place


def preview(
    request: HttpRequest, permit_for: PermitFor, place: Place, links: Links, *, whole: bool, page: Callable[[str], Page]
) -> HttpResponse:
    """page: made by the room of the name of the file. Raises Unshown, Http404."""
    path = path_of(request, "path")
    name, content = file_of(permit_for, place, path, whole)
    shown_preview = file_preview.preview_file(content)
    lines = [runs.runs_of(line) for line in shown_preview.text.splitlines()] if shown_preview.text.strip() else []
    shown = {
        "page": page(name), "path": path, "links": links, "look": shown_preview, "lines": lines, "size": len(content),
        "pictures": range(1, shown_preview.pictures + 1), "why": [words.why(why) for why in shown_preview.why],
    }  # fmt: skip
    response = render(request, "viewer/look.html", shown)
    response["Cache-Control"] = "private, no-store"
    return response


def picture(request: HttpRequest, permit_for: PermitFor, place: Place, *, whole: bool) -> HttpResponse:
    """Raises Unshown, Http404."""
    number = request.GET.get("n", "")
    _, content = file_of(permit_for, place, path_of(request, "path"), whole)
    image = file_preview.picture(content, int(number)) if number.isascii() and number.isdecimal() and len(number) < 4 else None
    if image is None:
        raise Http404
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponse(image, content_type="image/png", headers=headers)
