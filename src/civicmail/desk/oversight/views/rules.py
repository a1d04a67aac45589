"""Rules: the list of the rule set ("/policy/rules/"), and the facts that rules may use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, could, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.policy.clauses import CLAUSES
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import PART_LABELS
from civicmail.city.policy.rules import MODES, RULE_ACTIONS, SEVERITIES
from civicmail.desk.oversight import states
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.queries.starter_updates import offers

LIST = ("Rules", "/policy/rules/")
SOON = timedelta(days=30)
MODE: dict[str, tuple[str, str]] = {
    "shadow": ("quiet", "Shadow"),
    "notify": ("wait", "Tells"),
    "enforce": ("plain", "Enforced"),
}
"""Mode -> role and word."""
DONE = {
    "deliver": "Delivers",
    "mark": "Marks",
    "encrypt": "Encrypts",
    "hold": "Holds",
    "quarantine": "Quarantines",
    "refuse": "Refuses",
}


@acting("rules.see")
def rules(request: CityRequest) -> HttpResponseBase:
    """One row for each rule, with how often it hit."""
    require(request, "rules.see")
    today = timezone.localdate(request.now)
    table = listing.from_query(
        request,
        queries.listed(today),
        caption="Rules",
        columns=_columns(request),
        filters=[
            Filter("q", "Rule or owner", _words),
            Filter("mode", "Mode", lambda rows, v: rows.filter(mode=v, state="active"), [(m, MODE[m][1]) for m in MODES]),
            Filter("do", "Does", lambda rows, v: rows.filter(do=v), [(d, DONE[d]) for d in RULE_ACTIONS]),
            Filter("clause", "Clause", lambda rows, v: rows.filter(clause=v), [(c, c) for c in CLAUSES]),
            Filter("severity", "Severity", lambda rows, v: rows.filter(severity=v), [(s, s.capitalize()) for s in SEVERITIES]),
            Filter("state", "State", _state, [("acts", "Acts"), ("open", "A version is on its way"), ("over", "Acts no longer")]),
        ],
        empty="No rule acts yet: the worker puts the starter pack into force when it begins.",
        noun="rules",
        sort="clause",
    )
    waiting = queries.waiting_for(request.actor) if could(request, "rule.decide") else None
    actions = [Action("Write a rule", reverse("rule-new"), primary=True)] if may(request, "rule.write") else []
    actions += [Action("Fail matrix", reverse("fail-matrix"))] if may(request, "matrix.see") else []
    actions += [Action("Emergency rules", reverse("emergencies"))]
    page = Page("Which rules act, on which clause?", "Rules", actions=actions)
    shown = {"page": page, "waiting": waiting, "book": queries.newest_book(), "offered": len(offers())}
    return listing.render_list(request, "oversight/rules.html", table, shown)


@acting("rules.see")
def facts(request: CityRequest) -> HttpResponse:
    """What rules may ask about, and who finds it out."""
    require(request, "rules.see")
    groups = (("Of the message", "message"), ("Of one recipient", "recipient"))
    shown = [(title, [(f, PART_LABELS.get(f.check, "")) for f in FACTS.values() if f.of == of]) for title, of in groups]
    page = Page("What may a rule ask about?", "Rules", [LIST])
    return render(request, "oversight/facts.html", {"page": page, "groups": shown})


def _columns(request: CityRequest) -> list[Column]:
    soon = timezone.localdate(request.now) + SOON

    def expires(v: Any) -> Cell | Any:
        if v.expires is None or v.state != "active":
            return ""
        return Cell(v.expires, hint="soon") if v.expires <= soon else v.expires

    return [
        Column("rule", "Rule", lambda v: Cell(v.rule, reverse("rule", args=[v.rule])), ("rule",)),
        Column("clause", "Clause", lambda v: v.clause, ("clause", "rule"), name="clause"),
        Column("mode", "Mode", _mode, ("mode", "rule")),
        Column("do", "Does", lambda v: DONE.get(v.do, v.do), ("do", "rule")),
        Column("severity", "Severity", lambda v: v.severity.capitalize(), ("severity", "rule"), name="severity"),
        Column("owner", "Owner", lambda v: v.owner, ("owner", "rule"), name="owner"),
        Column("hits", "Hits, 30 days", lambda v: v.hits, ("hits", "rule"), num=True, name="hits in 30 days"),
        Column("overridden", "Overridden", lambda v: v.overridden or "", ("overridden", "rule"), num=True, name="overridden"),
        Column("expires", "Expires", expires, ("expires", "rule"), name="expires"),
    ]


def _mode(v: Version) -> Cell:
    if v.state != "active":
        role, word = states.WORDS[v.state]
        return Cell(word, role=role)
    role, word = MODE[v.mode]
    return Cell(word, role=role)


def _words(rows: QuerySet[Version], words: str) -> QuerySet[Version]:
    return rows.filter(Q(rule__icontains=words) | Q(owner__icontains=words))


def _state(rows: QuerySet[Version], choice: str) -> QuerySet[Version]:
    if choice == "open":
        return rows.filter(rule__in=Version.objects.filter(state__in=sorted(states.OPEN)).values("rule"))
    return rows.filter(state="active") if choice == "acts" else rows.exclude(state__in=["active", *sorted(states.OPEN)])
