"""One rule: its text, its condition, its versions, and what waits ("/policy/rules/RULE/")."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import CityRequest, acting, may, or_404, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.actions import rule_decisions
from civicmail.desk.oversight.acts.rules import in_mode
from civicmail.desk.oversight.lists.rules import DONE, MODE
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.rule_replay import Tally
from civicmail.desk.oversight.views.rules import LIST

MODE_MEANING = {
    "shadow": "counts what it would do, and changes nothing",
    "notify": "tells the sender inside what it would do, and changes nothing",
    "enforce": "acts",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison. kind: same, new or gone."""

    kind: str
    text: str


@acting("rules.see")
def rule(request: CityRequest, rule: str) -> HttpResponse:
    """The version that acts, else the newest."""
    require(request, "rules.see")
    if rule == rule_text.MATRIX:
        return _matrix(request, versions_of(rule))
    rows = versions_of(rule)
    shown = queries.current_version(rows)
    actions = []
    if may(request, "rule.write") and not any(v.state in states.OPEN for v in rows):
        actions.append(Action(f"Write version {rows[0].number + 1}", reverse("rule-edit", args=[rule]), primary=True))
        if shown.state == "active":
            actions.append(Action("Take it out…", reverse("rule-take-out", args=[rule])))
    if may(request, "rule.replay"):
        actions.append(Action("Replay…", reverse("rule-replay", args=[rule, shown.number])))
    facts_of_rule = rule_text.rule_facts(shown.text)
    page = Page(f"{rule}{in_mode(shown)}", "Rules", [LIST], _state(shown), _facts(shown, facts_of_rule), actions)
    today = timezone.localdate(request.now)
    context = _context(request, shown, facts_of_rule, rows) | {"page": page, "days": queries.days(rule, today), "whole": True}
    context["total"] = sum(n for _, n, _ in context["days"])
    return render(request, "oversight/rule.html", context)


@acting("rules.see")
def version(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """One version, compared with the one before it or the one that acts, and what can be done with it."""
    require(request, "rules.see")
    rows = versions_of(rule)
    shown = or_404(next((v for v in rows if v.number == number), None))
    facts_of_rule = rule_text.rule_facts(shown.text)
    heading = f"{rule}, version {number}{in_mode(shown)}"
    page = Page(heading, "Rules", crumbs(rule), states.WORDS[shown.state], _facts(shown, facts_of_rule), _actions(request, shown))
    context = _context(request, shown, facts_of_rule, rows) | {
        "page": page,
        "base": base_of(shown, rows),
        "writes": bool(may(request, "rule.write")),
    }
    context["lines"] = compared(context["base"].text, shown.text) if context["base"] is not None and not shown.ends else []
    return render(request, "oversight/version.html", context)


def versions_of(rule: str) -> list[Version]:
    """All versions of a rule, the newest first; 404 where there is none."""
    rows = queries.versions(rule)
    if not rows:
        raise Http404
    return rows


def crumbs(rule: str) -> list[tuple[str, str]]:
    return [LIST, (rule, reverse("rule", args=[rule]))]


def base_of(shown: Version, rows: list[Version]) -> Version | None:
    """With what a version is compared: while it is on its way with the one that acts, else with the one before it."""
    if shown.state in states.OPEN and (acting_ := next((v for v in rows if v.state == "active"), None)) is not None:
        return acting_
    return next((v for v in rows if v.number < shown.number and v.activated is not None), None)


def compared(before: str, after: str) -> list[Line]:
    """Line by line, in the order of the new text."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [Line("same", text) for text in new[c:d]]
        else:
            lines += [Line("gone", text) for text in old[a:b]] + [Line("new", text) for text in new[c:d]]
    return lines


def may_decide(request: CityRequest, shown: Version) -> bool:
    """Whether this person may answer about a version: nobody who has written in it."""
    return bool(may(request, "rule.decide", rule_decisions.resource(shown)))


def _matrix(request: CityRequest, rows: list[Version]) -> HttpResponse:
    shown = queries.current_version(rows)
    page = Page("Failure policy: versions", "Rules", [LIST, ("Failure policy", reverse("fail-matrix"))], _state(shown))
    context = _context(request, shown, rule_text.rule_facts(shown.text), rows) | {"page": page, "whole": True}
    return render(request, "oversight/rule.html", context)


def _state(shown: Version) -> tuple[str, str]:
    return MODE.get(shown.mode, states.WORDS["active"]) if shown.state == "active" else states.WORDS[shown.state]


def _facts(shown: Version, parsed: rule_text.RuleFacts) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [("Version", shown.number)] if shown.state == "active" else []
    if parsed.rule is not None:
        facts += [
            ("Clause", parsed.clause),
            ("Does", f"{DONE[parsed.do].lower()}, mode {parsed.mode}"),
            ("Owner", parsed.owner),
            ("Expires", parsed.expires),
        ]
    return facts


def _actions(request: CityRequest, shown: Version) -> list[Action]:
    args = [shown.rule, shown.number]
    page_actions = []
    if may(request, "rule.write"):
        if shown.state == "tested":
            page_actions.append(Action("Propose it…", reverse("version-propose", args=args), primary=True))
        if shown.state in ("draft", "tested"):
            page_actions.append(Action("Edit", reverse("version-edit", args=args)))
    if shown.state == "proposed" and may_decide(request, shown):
        page_actions.append(Action("Answer it", reverse("version-decide", args=args), primary=True))
    if may(request, "rule.replay") and shown.rule != rule_text.MATRIX:
        page_actions.append(Action("Replay…", reverse("rule-replay", args=args)))
    if may(request, "rule.write") and shown.state in states.OPEN:
        page_actions.append(Action("Withdraw…", reverse("version-withdraw", args=args)))
    return page_actions


def _context(request: CityRequest, shown: Version, parsed: rule_text.RuleFacts, rows: list[Version]) -> dict[str, Any]:
    now = epoch_ms(request.now)
    open_ = next((v for v in rows if v.state in states.OPEN), None)
    is_notifying = (
        parsed.rule is not None and shown.mode == "notify" and shown.state == "active" and rule_text.holds_employees(parsed.rule)
    )
    return {
        "v": shown,
        "said": parsed,
        "r": parsed.rule,
        "does": DONE.get(parsed.do, "").lower(),
        "versions": [(v, *states.WORDS[v.state]) for v in rows],
        "open": open_ if open_ is not None and open_.pk != shown.pk else None,
        "left": queries.notice_left(shown, now) if is_notifying else None,
        "replays": [(r, Tally.from_plain(r.result), r.sha256, states.REPLAYS[r.state]) for r in shown.replays.all()[:10]],
        "events": queries.history(shown.rule, reads_entries=bool(may(request, "entries.see"))),
        "may_decide": shown.state == "proposed" and may_decide(request, shown),
        "mine": request.actor.uid in shown.authors,
        "earliest": _earliest(shown, now),
    }


def _earliest(shown: Version, now: int) -> str:
    """From when a version on its way may act, where that is not at once; "-" where it first has to tell employees."""
    if shown.state not in states.OPEN or shown.ends:
        return ""
    first = queries.earliest(shown, now)
    if first is None:
        return "-"
    return date_format(timezone.localtime(from_ms(first)), "M j, Y") if first > now else ""
