"""Rules: the list of the rule set ("/policy/rules/"), and the facts that rules may use."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import PART_LABELS

LIST = ("Rules", "/policy/rules/")


@acting("rules.see")
def facts(request: CityRequest) -> HttpResponse:
    """What rules may ask about, and who finds it out."""
    require(request, "rules.see")
    groups = (("Of the message", "message"), ("Of one recipient", "recipient"))
    shown = [(title, [(f, PART_LABELS.get(f.check, "")) for f in FACTS.values() if f.of == of]) for title, of in groups]
    page = Page("Rule facts", "Rules", [LIST])
    return render(request, "oversight/facts.html", {"page": page, "groups": shown})
