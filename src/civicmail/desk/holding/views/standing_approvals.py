"""What leaves without a question? Standing approvals of a department, each with its end ("/holding/approvals/standing/")."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.desk.holding.actions import standing_approvals
from civicmail.desk.holding.models import StandingApproval


@acting("approvals.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """Those in force first; how often each was used."""
    require(request, "approvals.see")
    rows = StandingApproval.objects.all()
    if not request.actor.holds("auditor"):
        rows = rows.filter(department__code__in=request.actor.departments)
    table = listing.from_query(
        request,
        rows,
        caption="Standing approvals",
        columns=[
            Column(
                "what", "What", lambda r: Cell(_scope_text(r), reverse("standing-approval", args=[r.pk]), hint=r.department.name)
            ),
            Column("state", "State", lambda r: Cell(_state(r, request)[0], role=_state(r, request)[2])),
            Column("until", "Until", lambda r: last_day(r.until), ("until",), name="until"),
            Column("used", "Used", lambda r: r.used, ("used",), num=True, name="used"),
            Column("by", "By", lambda r: Cell(str(r.by), hint=r.reason[:80]), ("by__family",), name="by"),
        ],
        empty="Nothing leaves without a question. Allow one document, a series, or a recipient with an end date.",
        noun="standing approvals",
        sort="-until",
        slim=lambda q: q.select_related("department", "by"),
    )
    page = Page("What leaves without a question?", "Standing approvals", [("Approvals", reverse("approvals"))])
    new = reverse("standing-approval-new") if request.actor.departments else ""
    return listing.render_list(request, "holding/standing.html", table, {"page": page, "new": new})


@acting("approvals.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What it allows, and its end."""
    row = get_object_or_404(StandingApproval.objects.select_related("department", "by", "ended_by"), pk=pk)
    resource = InDepartment(row.department.code)
    if not may(request, "approval.standing", resource):
        require(request, "approvals.see")
        if not request.actor.holds("auditor"):
            require(request, "approval.standing", resource)
    if request.method == "POST":
        standing_approvals.end(row, actor=request.actor, now=epoch_ms(request.now))
        messages.success(request, "It has ended: such files are asked about again.")
        return redirect("standing-approvals")
    back = reverse("standing-approvals")
    facts: list[tuple[str, Any]] = [
        ("What", _scope_text(row)),
        ("Department", row.department.name),
        ("Allowed by", str(row.by)),
        ("Until", last_day(row.until)),
        ("Used", row.used),
    ]
    page = Page("Is it still right?", _scope_text(row), [("Standing approvals", back)], _state(row, request)[::-2], facts)
    ends = row.ended is None and bool(may(request, "approval.standing", resource))
    return render(request, "holding/standing_one.html", {"page": page, "row": row, "ends": ends, "back": back})


def _scope_text(row: StandingApproval) -> str:
    parts = [
        f"the document {row.sha256[:12]}…" if row.sha256 else "",
        row.series,
        f"to {row.domain}" if row.domain else "",
        f"from {row.mailbox}" if row.mailbox else "",
    ]
    return ", ".join(part for part in parts if part) or "everything"


def _state(row: StandingApproval, request: CityRequest) -> tuple[str, str, str]:
    """Word, link (none), role."""
    if row.ended is not None or row.until <= request.now:
        return "Ended", "", "quiet"
    return "In force", "", "done"
