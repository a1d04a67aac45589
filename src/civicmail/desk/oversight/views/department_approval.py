"""Approval by department: which departments need it, and how many requests that means ("/policy/approvals/", P-22)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.queries.days import holidays
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.directory.models import Department
from civicmail.core.config.errors import LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import approval_switches
from civicmail.desk.holding.actions import switch_approval
from civicmail.desk.holding.actions.switch_approval import MAX_DAILY_REQUESTS, TENTHS
from civicmail.desk.holding.approval_switches import ApprovalSwitch
from civicmail.desk.oversight.approval_forecast import DAY_MS, DAYS, Forecast, forecast
from civicmail.desk.oversight.recorded_facts import Heads

KEPT_SECONDS = 600
"""A forecast reads thousands of heads: it is the same for some minutes."""


class Why(forms.Form):
    """In writing, whatever it is."""

    reason = text_field("Why?", "At least 20 characters. It is kept with the decision.", min_length=20)


@acting("rules.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """Every department: whether it is asked, and how many questions a day that is, or would be, for its manager."""
    require(request, "rules.see")
    seen = forecast_for(epoch_ms(request.now))
    stand = approval_switches.all_switches()
    table = listing.from_query(
        request,
        Department.objects.filter(closed__isnull=True),
        caption="Departments, and the approvals that each would be asked for",
        columns=[
            Column("name", "Department", lambda d: Cell(d.name, reverse("asked-department", args=[d.code])), ("name",)),
            Column("state", "State", lambda d: Cell(*_state(stand[d.pk]))),
            Column("forecast", "A day", lambda d: tenths_text(seen.tenths(d.code)), num=True, name="questions a day"),
            Column("head", "Manager", lambda d: str(d.head) if d.head else "", name="manager"),
        ],
        filters=[
            Filter(
                "state",
                "State",
                lambda q, _: q.filter(pk__in=approval_switches.undecided_departments()),
                [("undecided", "not decided")],
            )
        ],
        empty="There is no department.",
        noun="departments",
        sort="name",
        slim=lambda q: q.select_related("head"),
    )
    page = Page("Who is asked before files leave?", "Approvals", facts=_facts(seen))
    return listing.render_list(request, "access/list.html", table, {"page": page})


@acting("rules.see")
def detail(request: CityRequest, department: str) -> HttpResponse:
    """Switch it on or off; the head agrees where many questions are foreseen."""
    require(request, "rules.see")
    of = get_object_or_404(Department.objects.select_related("head"), code=department, closed__isnull=True)
    stand = approval_switches.switch_of(of)
    row, now, form = stand.on, epoch_ms(request.now), Why(request.POST or None)
    seen = forecast_for(now)
    tenths = seen.tenths(of.code)
    verb, submit, done = _verb(request, of, stand, form, tenths)
    facts: list[tuple[str, Any]] = [
        ("Manager", str(of.head) if of.head else "nobody"),
        ("Questions on a working day", tenths_text(tenths)),
        *([("Switched on by", f"{row.by}: {row.reason}")] if row is not None else []),
        *([("Decided by", f"{stand.off.by}: {stand.off.reason}"), ("On", stand.off.at)] if stand.off and stand.off.by else []),
        *([("Agreed by", f"{row.head}: {row.head_reason}")] if row is not None and row.head is not None else []),
    ]
    back = reverse("asked-departments")
    page = Page(of.name, "Approvals", [("Approvals", back)], _state(stand)[::-2], facts)
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=back,
        message=done,
        template="oversight/asked_department.html",
        submit=submit,
        many=tenths > MAX_DAILY_REQUESTS * TENTHS,
        most=MAX_DAILY_REQUESTS,
        waits=row is not None and row.since is None,
        on=row is not None,
        stand=stand,
    )


def _verb(request: CityRequest, of: Department, stand: ApprovalSwitch, form: forms.Form, tenths: int) -> tuple[Any, str, str]:
    """What the form does, its button ("" where this person has none), and what is said afterwards."""
    now, actor, row = epoch_ms(request.now), request.actor, stand.on

    def why() -> str:
        return str(form.cleaned_data["reason"])

    if row is not None and row.since is None and may(request, "approval.agree", switch_approval.agreement_resource(row)):
        return lambda: switch_approval.agree(row, actor=actor, reason=why(), now=now), "Agree", "It acts from now on."
    if row is not None:
        may_off = "Switch it off" if may(request, "approval.switch") else ""
        return lambda: switch_approval.switch_off(row, actor=actor, reason=why(), now=now), may_off, "It is switched off."
    if request.POST.get("do") == "off" and not stand.is_decided and may(request, "approval.switch"):
        return lambda: switch_approval.decide_off(of, actor=actor, reason=why(), now=now), "Switch it on", "It is recorded."
    may_on = "Switch it on" if may(request, "approval.switch") else ""
    return lambda: switch_approval.switch_on(of, tenths, actor=actor, reason=why(), now=now), may_on, "It is recorded."


def forecast_for(now: int) -> Forecast:
    """Of the last weeks. Raises LaterError where the archive cannot be read at this moment."""
    key = f"approval-forecast:{settings.DATA}"
    kept: Forecast | None = cache.get(key)
    if kept is not None:
        return kept
    assert settings.DATA is not None, "pages have an installation"
    days = holidays()
    try:
        department_forecast = forecast(Heads(Path(settings.DATA)).newest(now - DAYS * DAY_MS, now), now, days)
    except DamagedFile as error:
        raise LaterError("What was sent cannot be read at this moment.") from error
    cache.set(key, department_forecast, KEPT_SECONDS)
    return department_forecast


def tenths_text(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


def _state(stand: ApprovalSwitch) -> tuple[str, str, str]:
    """Word, link (none), role: as a cell has them."""
    if not stand.is_decided:
        return "Not decided: files wait" if stand.acts else "Not decided: files leave", "", "warn"
    if stand.on is None:
        return "Not asked", "", "quiet"
    return ("Waits for the head", "", "wait") if stand.on.since is None else ("Asked", "", "done")


def _facts(seen: Forecast) -> list[tuple[str, Any]]:
    return [("Counted", f"{seen.read} messages, {seen.days} working days")]
