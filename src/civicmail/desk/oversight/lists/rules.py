"""The list of the rules that act on mail (P-29)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Cell, Choice, Column, Day, Filter, Link, List, ListRequest, Number, Operation, State
from civicmail.city.pages.states import Label, choices, labels
from civicmail.city.policy.clauses import CLAUSES
from civicmail.city.policy.rules import MODES, RULE_ACTIONS, SEVERITIES
from civicmail.desk.oversight import states

SOON = timedelta(days=30)
MODE = labels("shadow", "notify", enforce="enforced")
"""Mode -> role and word."""
DONE = {
    "deliver": "Delivers",
    "mark": "Marks",
    "encrypt": "Encrypts",
    "hold": "Holds",
    "quarantine": "Quarantines",
    "refuse": "Refuses",
}


def _today(request: ListRequest) -> Any:
    from django.utils import timezone

    return timezone.localdate(from_ms(request.now))


def _mode(v: Any, _request: ListRequest) -> Label:
    return states.WORDS[v.state] if v.state != "active" else MODE[v.mode]


def _expires(v: Any, request: ListRequest) -> Any:
    if v.expires is None or v.state != "active":
        return ""
    return Cell(v.expires, hint="soon") if v.expires <= _today(request) + SOON else v.expires


def _with_mode(rows: Any, mode: str, request: ListRequest) -> Any:
    return rows.filter(mode=mode, state="active")


def _in_state(rows: Any, choice: str, request: ListRequest) -> Any:
    open_states = sorted(states.OPEN)
    if choice == "open":
        return rows.filter(rule__in=rows.model.objects.filter(state__in=open_states).values("rule"))
    return rows.filter(state="active") if choice == "acts" else rows.exclude(state__in=["active", *open_states])


class Rules(List):
    """List rules by id, with hits.

    One rule by the version that acts, else the newest. do: what it does; hits, overridden: copies of the last 30 days.
    """

    name, permission, order = "list_rules", "rules.see", "rule"
    page = Page("policy/rules/", "rules")
    operation = Operation("/rules", "read:rules", shape="Rule")
    title, section, template = "Rules", "Mail rules", "oversight/rules.html"
    links = (
        Link("Write a rule", "rule-new", permission="rule.write", primary=True),
        Link("Policy report", "policy-report", permission="rules.report"),
        Link("Failure policy", "fail-matrix", permission="matrix.see"),
        Link("Emergency rules", "emergencies"),
    )
    caption, noun, sort = "Rules", "rules", "clause"
    empty = "No rule acts yet: the worker puts the starter pack into force when it begins."
    columns = (
        Column("rule", "Rule", link=("rule", "rule"), sort=("rule",)),
        Number("version", value="number"),
        State("state", words=states.WORDS),
        Column("clause", "Clause", sort=("clause", "rule"), name="clause"),
        Column("mode", "Mode", cell=_mode, sort=("mode", "rule")),
        Choice("do", "Does", words=DONE, sort=("do", "rule")),
        Column("severity", "Severity", cell=lambda v, _: v.severity.capitalize(), sort=("severity", "rule"), name="severity"),
        Column("owner", "Owner", sort=("owner", "rule"), name="owner"),
        Number("hits", "Hits, 30 days", sort=("hits", "rule"), name="hits in 30 days"),
        Number("overridden", "Overridden", cell=lambda v, _: v.overridden or "", sort=("overridden", "rule"), name="overridden"),
        Day("expires", "Expires", cell=_expires, optional=True, sort=("expires", "rule"), name="expires"),
    )
    filters = (
        Filter("q", "Rule or owner", ("rule__icontains", "owner__icontains")),
        Filter("mode", "Mode", apply=_with_mode, choices=[(mode, MODE[mode][1]) for mode in MODES]),
        Filter("do", "Does", choices=[(do, DONE[do]) for do in RULE_ACTIONS]),
        Filter("clause", "Clause", choices=[(clause, clause) for clause in CLAUSES]),
        Filter("severity", "Severity", choices=[(severity, severity.capitalize()) for severity in SEVERITIES]),
        Filter(
            "state",
            "State",
            apply=_in_state,
            choices=[*choices(labels(acts="active", over="retired")), ("open", "A version is on its way")],
        ),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.desk.oversight.queries import rules

        return rules.listed(_today(request))

    def context(self, request: ListRequest) -> dict[str, Any]:
        from civicmail.city.guard import guard
        from civicmail.desk.oversight.queries import rules
        from civicmail.desk.oversight.queries.starter_updates import offers

        decides = guard.could(request.actor, "rule.decide", now=request.now)
        waiting = rules.waiting_for(request.actor) if decides else None
        return {"waiting": waiting, "book": rules.newest_book(), "offered": len(offers())}


RULES = Rules()
