"""Replays of a rule: order one for a period, watch it, stop it ("/policy/rules/RULE/replays/N/")."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.views.city_request import CityRequest, acting, could, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.directory.models import Department
from civicmail.desk.oversight.actions import replays as verbs
from civicmail.desk.oversight.models import Replay
from civicmail.desk.oversight.rule_replay import NOBODY, Tally
from civicmail.desk.oversight.views.rule_pages import crumbs, version_of
from civicmail.desk.oversight.views.rules import DONE

STATES: dict[str, tuple[str, str]] = {
    "waiting": ("wait", "Waiting to begin"),
    "reading": ("wait", "Under way"),
    "done": ("done", "Done"),
    "stopped": ("quiet", "Stopped"),
    "failed": ("stop", "Failed"),
}
DAYS = [("1", "The last day"), ("7", "7 days"), ("31", "31 days"), ("92", "92 days"), ("366", "A year")]
OUTCOMES = {**DONE, "pending": "Waits for a check", "later": "Asked to come again"}


class Order(forms.Form):
    """query: asks for no content."""

    days = forms.ChoiceField(label="Mail of which time?", choices=DAYS, initial="31", widget=forms.RadioSelect)
    query = forms.CharField(
        label="Only some of it?", max_length=1000, required=False,
        help_text="By size, addresses and kinds of files, as in a search: from:example.com larger:1M. Never by words of mail.",
    )  # fmt: skip


@acting("rule.replay")
def order(request: CityRequest, rule: str, number: int) -> HttpResponse:
    """Try a version on mail of the past; nothing happens to that mail."""
    require(request, "rule.replay")
    row = version_of(rule, number)
    form = Order(request.POST or None)

    def verb() -> Replay:
        c = form.cleaned_data
        first = epoch_ms(request.now - timedelta(days=int(c["days"])))
        return verbs.order(row, c["query"], first, epoch_ms(request.now), actor=request.actor, now=epoch_ms(request.now))

    return respond_to_form(
        request, form, verb, page=Page(f"What would version {number} of {rule} have done?", rule, crumbs(rule)),
        back=reverse("rule-version", args=[rule, number]), to=lambda r: reverse("replay", args=[rule, r.pk]),
        template="access/form.html", message="The replay waits for the worker.", submit="Replay it",
        note="It is compared with the version that acts, both as if they were enforced. Nobody sees a message by this.",
    )  # fmt: skip


@acting("rules.see")
def replay(request: CityRequest, rule: str, pk: int) -> HttpResponse:
    """How far is it, and what did it count?"""
    require(request, "rules.see")
    row = get_object_or_404(Replay.objects.select_related("version", "by"), pk=pk, version__rule=rule)
    part = request.headers.get("HX-Request-Type") == "partial"
    context = {"page": _page(row), "part": part, **_shown(request, row)}
    response = render(request, "oversight/replayed.html" if part else "oversight/replay.html", context)
    response["Vary"] = "HX-Request-Type"
    return response


@acting("rule.replay")
@require_POST
def stop(request: CityRequest, rule: str, pk: int) -> HttpResponse:
    """It goes no further; what was counted stays."""
    row = get_object_or_404(Replay, pk=pk, version__rule=rule)
    verbs.stop(row, actor=request.actor, now=epoch_ms(request.now))
    messages.success(request, "The replay was stopped.")
    return redirect("replay", rule=rule, pk=pk)


def _page(row: Replay) -> Page:
    facts: list[tuple[str, Any]] = [
        ("Mail of", f"{_day(row.first)} to {_day(row.last)}"), ("Only", row.query or "all of it"), ("Asked by", str(row.by)),
    ]  # fmt: skip
    v = row.version
    trail = [*crumbs(v.rule), (f"Version {v.number}", reverse("rule-version", args=[v.rule, v.number]))]
    return Page(f"What version {v.number} of {v.rule} would have done", v.rule, trail, STATES[row.state], facts)


def _day(at: int) -> str:
    return f"{from_ms(at):%b} {from_ms(at).day}, {from_ms(at).year}"


def _shown(request: CityRequest, row: Replay) -> dict[str, Any]:
    tally = Tally.from_plain(row.result)
    names = dict(Department.objects.filter(code__in=[c for c in tally.departments if c != NOBODY]).values_list("code", "name"))
    changed = [(_outcome(key), n) for key, n in tally.outcomes.most_common(12)]
    return {
        "replay": row,
        "v": row.version,
        "t": tally,
        "under_way": row.state in verbs.UNDER_WAY,
        "quarter": 4 * row.done // row.found if row.found else 0,
        "rate": round(row.done * 1000 / row.took) if row.took else 0,
        "stale": hashlib.sha256(row.version.text.encode()).hexdigest() != row.sha256,
        "departments": [
            (names.get(code, "Outside"), *counts) for code, counts in sorted(tally.departments.items(), key=lambda d: -d[1][2])
        ],
        "days": sorted(tally.days.items(), reverse=True)[:31],
        "outcomes": changed,
        "others": tally.with_.most_common(10),
        "approvals": [(names.get(code, "Outside"), n, most) for code, n, most in tally.approvals[:20]],
        "sample": [(id_, names.get(code, "Outside"), OUTCOMES[b], OUTCOMES[a]) for id_, code, b, a in tally.sample],
        "may_ask": bool(could(request, "mandate.ask")),
        "may_stop": bool(may(request, "rule.replay")),
    }


def _outcome(key: str) -> tuple[str, str]:
    before, _, after = key.partition(">")
    return OUTCOMES.get(before, before), OUTCOMES.get(after, after)
