"""Standing approvals of a department, each with its end ("/holding/approvals/standing/")."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.page import Page
from civicmail.desk.holding.actions import standing_approvals
from civicmail.desk.holding.lists.approvals import scope_text, state_words
from civicmail.desk.holding.models import StandingApproval


@acting("approvals.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show the scope of a standing approval, and end it."""
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
        ("What", scope_text(row)),
        ("Department", row.department.name),
        ("Allowed by", str(row.by)),
        ("Until", last_day(row.until)),
        ("Used", row.used),
    ]
    page = Page(
        f"Standing approval: {scope_text(row)}",
        "File approvals",
        [("Standing approvals", back)],
        state_words(row, request.now),
        facts,
    )
    ends = row.ended is None and bool(may(request, "approval.standing", resource))
    return render(request, "holding/standing_one.html", {"page": page, "row": row, "ends": ends, "back": back})
