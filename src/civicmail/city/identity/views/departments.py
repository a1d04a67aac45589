"""Departments: head, place in the tree, and state; maintained by the access office (P-04)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.directory.models import Department, Mailbox
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import history
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label


@acting("duty.see")
def department(request: CityRequest, department: str) -> HttpResponse:
    """Head, deputies, authorizers by role, divisions, and what happened."""
    require(request, "duty.see")
    where = get_object_or_404(Department.objects.select_related("head", "parent"), code=department)
    now = request.now
    shown = {
        "page": _page(request, where),
        "department": where,
        "deputies": where.deputies.order_by("family", "given"),
        "authorisers": where.role_assignments.filter(role="authoriser", ended__isnull=True, until__gt=now).select_related("person"),
        "divisions": where.divisions.order_by("name"),
        "people": where.episodes.filter(ended__isnull=True).count(),
        "access": Authorization.objects.filter(department=where, role="holder", state="active", until__gt=now).count(),
        "mailboxes": Mailbox.objects.filter(department=where, closed__isnull=True).count(),
        "lists": where.groups.filter(closed__isnull=True).count(),
        "events": history.timeline(f"department:{where.code}", actor=request.actor, now=epoch_ms(request.now)),
    }
    return render(request, "identity/department.html", shown)


def _page(request: CityRequest, where: Department) -> Page:
    actions = []
    if may(request, "department.change"):
        if where.closed is None:
            actions.append(Action("Name head and deputies", reverse("department-lead", args=[where.code]), primary=True))
            actions.append(Action("Change…", reverse("department-change", args=[where.code])))
            actions.append(Action("Move…", reverse("department-place", args=[where.code])))
            actions.append(Action("Close…", reverse("department-close", args=[where.code])))
        else:
            actions.append(Action("Open again…", reverse("department-reopen", args=[where.code])))
    state = label("closed" if where.closed else "active" if where.head else "unassigned")
    facts: list[tuple[str, Any]] = [("Code", where.code), ("Part of", where.parent or "nothing above")]
    facts.append(("A mailbox costs", f"${where.mailbox_cost / 100:,.2f} a year"))
    if where.closed:
        facts.append(("Closed", where.closed))
    return Page(where.name, "Departments", [("Departments", reverse("departments"))], state, facts, actions)
