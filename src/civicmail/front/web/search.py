"""The search box in the head of each page: on to the list that it names."""

from __future__ import annotations

from django.http import Http404, HttpResponseRedirect
from django.utils.http import urlencode

from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.front.web.saved_views import is_page

LONGEST = 1000
"""Characters of a query that are passed on."""


@acting("home")
def search(request: CityRequest) -> HttpResponseRedirect:
    """Lead on to the page of `in` with the words; that page asks the guard. Raises Http404 if it is none of ours."""
    page = request.GET.get("in", "")
    if page.startswith("//") or not is_page(page):
        raise Http404
    return HttpResponseRedirect(f"{page}?{urlencode({'q': request.GET.get('q', '')[:LONGEST]})}")
