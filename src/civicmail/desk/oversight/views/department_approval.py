"""Approval by department: which departments need it, and how many requests that means ("/policy/approvals/", P-22)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import CITY
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import choices, labels
from civicmail.desk.holding import approval_switches
from civicmail.desk.holding.actions.switch_approval import MAX_DAILY_REQUESTS, TENTHS
from civicmail.desk.holding.approval_switches import ApprovalSwitch
from civicmail.desk.holding.models import AskedDepartment
from civicmail.desk.oversight.acts.department_approval import AGREE_TO_BE_ASKED, ASK_DEPARTMENT, ASK_DEPARTMENT_NO_MORE, Switching
from civicmail.desk.oversight.approval_forecast import Forecast
from civicmail.desk.oversight.queries.approval_forecast import forecast_for

type DepartmentAct = Act[Department, Switching, Department]


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
            Column("state", "State", lambda d: _cell(stand[d.pk])),
            Column("forecast", "A day", lambda d: tenths_text(seen.tenths(d.code)), num=True, name="questions a day"),
            Column("head", "Manager", lambda d: str(d.head) if d.head else "", name="manager"),
        ],
        filters=[
            Filter(
                "state",
                "State",
                lambda q, _: q.filter(pk__in=approval_switches.undecided_departments()),
                choices(labels(undecided="open")),
            )
        ],
        empty="There is no department.",
        noun="departments",
        sort="name",
        slim=lambda q: q.select_related("head"),
    )
    page = Page("Approval by department", "Mail rules", facts=_facts(seen))
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting("rules.see")
def detail(request: CityRequest, department: str) -> HttpResponse:
    """Switch it on or off; the head agrees where many questions are foreseen."""
    require(request, "rules.see")
    now = epoch_ms(request.now)
    of = act_pages.row_of(ASK_DEPARTMENT, department, actor=request.actor, now=now)
    stand = approval_switches.switch_of(of)
    row, tenths = stand.on, forecast_for(now).tenths(of.code)
    act, submit = _act_for(request, of, row)
    acts = bool(may(request, act.permission, act.resource(of, request.actor) or CITY))
    facts: list[tuple[str, Any]] = [
        ("Manager", str(of.head) if of.head else "nobody"),
        ("Questions on a working day", tenths_text(tenths)),
        *([("Switched on by", f"{row.by}: {row.reason}")] if row is not None else []),
        *([("Decided by", f"{stand.off.by}: {stand.off.reason}"), ("On", stand.off.at)] if stand.off and stand.off.by else []),
        *([("Agreed by", f"{row.head}: {row.head_reason}")] if row is not None and row.head is not None else []),
    ]
    back = reverse("asked-departments")
    form_page = FormPage(
        title=of.name, section="Approval by department", submit=submit if acts else "",
        back=back, crumbs=[("Approval by department", back)], state=STATES[stand.state], facts=facts,
        template="oversight/asked_department.html",
        context={
            "many": tenths > MAX_DAILY_REQUESTS * TENTHS, "most": MAX_DAILY_REQUESTS, "waits": stand.state == "waits",
            "on": row is not None, "stand": stand,
        },
    )  # fmt: skip
    return act_pages.answer(request, act, of, form_page)


def _act_for(request: CityRequest, of: Department, row: AskedDepartment | None) -> tuple[DepartmentAct, str]:
    """What the form does, and its button."""
    if row is None:
        return (ASK_DEPARTMENT_NO_MORE if request.POST.get("do") == "off" else ASK_DEPARTMENT), "Switch it on"
    agreement = AGREE_TO_BE_ASKED.resource(of, request.actor)
    if row.since is None and may(request, AGREE_TO_BE_ASKED.permission, agreement):
        return AGREE_TO_BE_ASKED, "Agree"
    return ASK_DEPARTMENT_NO_MORE, "Switch it off"


def tenths_text(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


STATES = labels(undecided="open", off="not-set-up", waits="pending", on="active")


def _cell(stand: ApprovalSwitch) -> Cell:
    hint = "" if stand.is_decided else "files wait" if stand.acts else "files leave"
    return Cell.of(STATES[stand.state], "the head must agree" if stand.state == "waits" else hint)


def _facts(seen: Forecast) -> list[tuple[str, Any]]:
    return [("Counted", f"{seen.read} messages, {seen.days} working days")]
