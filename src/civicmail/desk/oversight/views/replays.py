"""A replay of a rule: how far it is, and what it counted ("/policy/rules/RULE/replays/N/")."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import progress
from civicmail.city.pages.city_request import CityRequest, acting, could, may, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.progress import Progress
from civicmail.city.pages.states import choices, labels
from civicmail.desk.oversight.actions import replays as verbs
from civicmail.desk.oversight.lists.rules import DONE
from civicmail.desk.oversight.models import Replay
from civicmail.desk.oversight.rule_replay import NOBODY, Tally
from civicmail.desk.oversight.states import REPLAYS
from civicmail.desk.oversight.views.rule_pages import crumbs

OUTCOMES = {**DONE, **dict(choices(labels(pending="checking", later="deferred")))}


@acting("rules.see")
def replay(request: CityRequest, rule: str, pk: int) -> HttpResponse:
    """How far is it, and what did it count?"""
    require(request, "rules.see")
    row = get_object_or_404(Replay.objects.select_related("version", "by"), pk=pk, version__rule=rule)
    at = [row.version.rule, row.pk]
    stop = reverse("replay-stop", args=at) if may(request, "rule.replay") else ""
    far = Progress(reverse("replay", args=at), row.done, row.found, row.state in verbs.UNDER_WAY, stop)
    return progress.response(request, "oversight/replayed.html", _page(row), far, _shown(request, row))


def _page(row: Replay) -> Page:
    facts: list[tuple[str, Any]] = [
        ("Mail of", f"{_day(row.first)} to {_day(row.last)}"), ("Only", row.query or "all of it"), ("Asked by", str(row.by)),
    ]  # fmt: skip
    v = row.version
    trail = [*crumbs(v.rule), (f"Version {v.number}", reverse("rule-version", args=[v.rule, v.number]))]
    return Page(f"Replay of version {v.number} of {v.rule}", v.rule, trail, REPLAYS[row.state], facts)


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
    }


def _outcome(key: str) -> tuple[str, str]:
    before, _, after = key.partition(">")
    return OUTCOMES.get(before, before), OUTCOMES.get(after, after)
