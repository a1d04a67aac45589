"""The clock of a request: whose each working day was, its pauses, its people, and what may be done now."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law.pack import LawPack
from civicmail.city.pages.act import Act
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action
from civicmail.desk.records.acts import requests as acts
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import clock
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.queries.letters import demand_until
from civicmail.desk.records.states import OPEN
from civicmail.desk.records.views import request_page


@acting("records.see")
def page(request: CityRequest, number: str) -> HttpResponse:
    """Show the equation of the days, each idle day with its owner, and the acts that are possible now."""
    row = request_page.seen(request, number)
    pack, today = pack_or_none(row), local_day(request.now)
    pauses = list(row.pauses.select_related("by"))
    shown = {
        "page": request_page.page(row, "Clock", actions=_actions(request, row)),
        "row": row,
        "sections": request_page.sections(row, "records-clock", request.actor, epoch_ms(request.now)),
        "clock": clock.clock_of(row, pack, today) if pack else None,
        "pack": pack,
        "target": pack.clock(row.clock) if pack else None,
        "pauses": [(p, pack.pause_reason(p.reason) if pack else None) for p in pauses],
        "people": row.assignments.filter(until__isnull=True).select_related("person"),
        "may_work": may(request, "records.work"),
        "replies": row.replies.filter(state="open"),
        "steps": [(s, _step_title(pack, s.step)) for s in row.steps.select_related("by")],
        "reasons_until": demand_until(row, pack) if pack and row.reasons_demanded is None else None,
    }
    return render(request, "records/clock.html", shown)


def _actions(request: CityRequest, row: Request) -> list[Action]:
    """Links to what can be done in this state, the usual first."""
    stands = row.pauses.filter(ended__isnull=True).exists()
    is_open = row.state in OPEN and row.suit is None
    choices: list[tuple[Act[Request, Any, Any], bool]] = [
        (acts.RESUME, is_open and stands),
        (acts.PAUSE, is_open and not stands),
        (acts.ASSIGN, is_open),
        (acts.STEP, is_open and row.self_request),
        (acts.WRITING, row.oral and row.suit is None),
        (acts.TARGET, is_open),
        (acts.DESCRIBE, row.suit is None),
        (acts.CONTACT, row.suit is None),
        (acts.CLOSE, is_open),
        (acts.WITHDRAW, is_open and row.state != "released"),
        (acts.REOPEN, row.state == "done" and row.suit is None),
        (acts.SUIT, row.suit is None),
        (acts.SUIT_END, row.suit is not None),
    ]
    return [
        Action(act.submit, reverse(act.page.name, args=[row.number]))  # type: ignore[attr-defined, union-attr]
        for act, fits in choices
        if fits and may(request, act.permission)
    ]


def _step_title(pack: LawPack | None, step: str) -> str:
    return next((s.title for s in pack.self_request if s.id == step), step) if pack is not None else step
