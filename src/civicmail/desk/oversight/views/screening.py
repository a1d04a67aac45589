"""Why was this done with one message? Each check with what it found, the facts, what was decided: evidence by place and mask,
nothing of its content, for operators ("/system/trace/ID/screening/"; P-17, promise 7)."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import CityRequest, acting, may, or_404, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import choices, labels
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import PART_LABELS
from civicmail.desk.oversight.lists.rules import DONE
from civicmail.desk.oversight.models import Version
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.mail.archive.explanation import CheckResult, MessageExplanation

OUTCOMES = {**DONE, **dict(choices(labels(pending="checking", kept="archived"))), "redirect": "Redirects"}
CHECKS = {
    **PART_LABELS,
    "policy": "the rules",
    "screening": "all of it",
    "edge": "what servers before us said",
    "sender": "who really sends",
}
"""Check -> what it looks for."""


@acting("system.see")
def screening(request: CityRequest, capture: uuid.UUID) -> HttpResponse:
    """By what was recorded when it came in, and since."""
    require(request, "system.see")
    archive = store().archive()
    place = or_404(archive.place(capture.bytes))
    with damage_as_later():
        e = archive.explained(request.actor, place, now=epoch_ms(request.now))
    trail = [("Trace", reverse("trace")), (e.sha256[:12], reverse("trace-one", args=[capture]))]
    facts: list[tuple[str, Any]] = [("Checks", len(e.checks))]
    if cost := sum(c.cost for c in e.checks):
        facts.append(("Time", _span(cost)))
    if e.book:
        facts.append(("Book", e.book))
    page = Page("Screening result", e.sha256[:12], trail, facts=facts)
    return render(request, "oversight/screening.html", {"page": page, "e": e, **_shown(request, e)})


def _shown(request: CityRequest, e: MessageExplanation) -> dict[str, Any]:
    known = set(Version.objects.values_list("rule", flat=True).distinct()) if may(request, "rules.see") else set()
    checks = [(c, CHECKS.get(c.check, ""), _state(c), _span(c.cost) if c.cost else "") for c in e.checks]
    decided = [
        (
            d,
            OUTCOMES.get(d.do, d.do),
            [(rule, rule.rpartition(":")[2] in known) for rule in d.rules],
            from_ms(d.at) if d.at else None,
        )
        for d in e.decided
    ]
    return {"checks": checks, "decided": decided, "facts": [(n, v, FACTS[n].says) for n, v in e.facts]}


def _state(check_result: CheckResult) -> tuple[str, str]:
    if check_result.unavailable:
        return "warn", f"Could not be made: {check_result.unavailable}"
    return ("plain", f"{len(check_result.evidence)} found") if check_result.evidence else ("plain", "Nothing")


def _span(microseconds: int) -> str:
    return f"{microseconds / 1000:,.1f} ms"
