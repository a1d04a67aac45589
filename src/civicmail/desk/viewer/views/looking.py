"""One file of a message as text and drawn pages, before the file itself: for mailboxes that invite files of strangers (P-25).

looking.look(request, permit_for, place, links, whole=…, page=…)      ?path=…: the page
looking.picture(request, permit_for, place, whole=…)                  ?path=…&n=…: one drawn page
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from civicmail.city.access.views.page import Page
from civicmail.desk.viewer import looks, runs
from civicmail.desk.viewer.views import words
from civicmail.desk.viewer.views.showing import Links, PermitFor, file_of, path_of
from civicmail.mail.archive.places import Place


def look(
    request: HttpRequest, permit_for: PermitFor, place: Place, links: Links, *, whole: bool, page: Callable[[str], Page]
) -> HttpResponse:
    """page: made by the room of the name of the file. Raises Unshown, Http404."""
    path = path_of(request, "path")
    name, content = file_of(permit_for, place, path, whole)
    found = looks.look(content)
    lines = [runs.told(line) for line in found.text.splitlines()] if found.text.strip() else []
    shown = {
        "page": page(name), "path": path, "links": links, "look": found, "lines": lines, "size": len(content),
        "pictures": range(1, found.pictures + 1), "why": [words.why(why) for why in found.why],
    }  # fmt: skip
    response = render(request, "viewer/look.html", shown)
    response["Cache-Control"] = "private, no-store"
    return response


def picture(request: HttpRequest, permit_for: PermitFor, place: Place, *, whole: bool) -> HttpResponse:
    """Raises Unshown, Http404."""
    number = request.GET.get("n", "")
    _, content = file_of(permit_for, place, path_of(request, "path"), whole)
    found = looks.picture(content, int(number)) if number.isascii() and number.isdecimal() and len(number) < 4 else None
    if found is None:
        raise Http404
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponse(found, content_type="image/png", headers=headers)
