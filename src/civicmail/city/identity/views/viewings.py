"""Views of my mail: closed cases, as far as the city shows them, and always the same sentence, whether a case is open or not
(pages, "/my/viewings/"; P-16, E1)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.queries.mandates import shown_to
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page

WHY = {
    "request": gettext_lazy("A public-records request"),
    "examination": gettext_lazy("An examination"),
    "litigation": gettext_lazy("A lawsuit"),
    "continuity": gettext_lazy("Work had to continue during an absence"),
}
"""Ground of a mandate -> what the person reads."""

WHO = {
    "records-officer": gettext_lazy("a records officer looked"),
    "examiner": gettext_lazy("an examiner looked"),
    "city-attorney": gettext_lazy("the office of the city attorney looked"),
    "access-officer": gettext_lazy("an access officer looked"),
    "department-head": gettext_lazy("the head of a department, or a deputy, looked"),
}
"""As what somebody looked -> what the person reads; never the name."""


@acting("my.viewings")
def viewings(request: CityRequest) -> HttpResponse:
    """List the cases that may be shown, newest first; open and sealed ones do not change a byte of the page."""
    who = me(request)
    require(request, "my.viewings", OfPerson(who.uid))
    shows = settings.CITY.oversight.show_looks == "closed"
    rows = [(v, WHY[v.ground], WHO[v.role]) for v in (shown_to(who) if shows else [])]
    page = Page(gettext("Views of my mail"), gettext("My mail"))
    return render(request, "identity/viewings.html", {"page": page, "shows": shows, "rows": rows})
