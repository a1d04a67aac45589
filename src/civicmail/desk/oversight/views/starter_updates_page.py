"""Starter-pack updates: rules that this version of the program brings and the rule set lacks ("/policy/offered/")."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Page
from civicmail.desk.oversight.queries.starter_updates import Offer, offers
from civicmail.desk.oversight.views.rule_pages import compared
from civicmail.desk.oversight.views.rules import LIST


@acting("rules.see")
def offered(request: CityRequest) -> HttpResponse:
    """Each rule with the difference to the one that acts; whoever writes rules may take it as a draft."""
    require(request, "rules.see")
    writes = may(request, "rule.write")
    rows = [(one, compared(one.before, one.text), _draft(one) if writes else "") for one in offers()]
    page = Page("Starter-pack updates", "Rules", [LIST])
    return render(request, "oversight/offered.html", {"page": page, "offers": rows})


def _draft(one: Offer) -> str:
    """Where its text is in the form."""
    where = reverse("rule-edit", args=[one.rule]) if one.known else reverse("rule-new")
    return f"{where}?offered={one.rule}"
