"""The page States: what the words mean by which pages, lists, letters and files say how something stands."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import STATES
from civicmail.city.pages.wording import translate


@acting("home")
def states(request: CityRequest) -> HttpResponse:
    """Every word with its meaning, in alphabetical order."""
    require(request, "home")
    rows = [(key, role, word, translate(meaning)) for key, (role, word, meaning) in STATES.items()]
    rows.sort(key=lambda row: translate(row[2]).casefold())
    return render(request, "state_words.html", {"page": Page(gettext("States")), "rows": rows})
