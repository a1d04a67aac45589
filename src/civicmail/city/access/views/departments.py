"""Departments: who decides for one, where does it stand in the tree, is it open? Kept by the access office (P-04)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.access.actions import organization
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries import history
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.officeforms import ChangeDepartment, Lead, NewDepartment, Place
from civicmail.city.access.views.page import Action, Page
from civicmail.city.directory.models import Department, Mailbox, Person


@acting("duty.see")
def department(request: CityRequest, department: str) -> HttpResponse:
    """Head, deputies, authorisers by duty, divisions, and what happened."""
    require(request, "duty.see")
    where = get_object_or_404(Department.objects.select_related("head", "parent"), code=department)
    now = request.now
    shown = {
        "page": _page(request, where),
        "department": where,
        "deputies": where.deputies.order_by("family", "given"),
        "authorisers": where.duty_grants.filter(duty="authoriser", ended__isnull=True, until__gt=now).select_related("person"),
        "divisions": where.divisions.order_by("name"),
        "people": where.episodes.filter(ended__isnull=True).count(),
        "access": Authorisation.objects.filter(department=where, role="holder", state="active", until__gt=now).count(),
        "mailboxes": Mailbox.objects.filter(department=where, closed__isnull=True).count(),
        "lists": where.groups.filter(closed__isnull=True).count(),
        "events": history.timeline(f"department:{where.code}"),
    }
    return render(request, "access/department.html", shown)


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
    state = ("quiet", "Closed") if where.closed else ("plain", "Open") if where.head else ("warn", "No head")
    facts: list[tuple[str, Any]] = [("Code", where.code), ("Part of", where.parent or "nothing above")]
    facts.append(("A mailbox costs", f"${where.mailbox_cost / 100:,.2f} a year"))
    if where.closed:
        facts.append(("Closed", where.closed))
    return Page(where.name, "Departments", [("Departments", reverse("departments"))], state, facts, actions)


def _crumbs(where: Department) -> list[tuple[str, str]]:
    return [("Departments", reverse("departments")), (where.name, reverse("department", args=[where.code]))]


def _open_ones(besides: str = "") -> list[tuple[str, str]]:
    rows = Department.objects.filter(closed__isnull=True).exclude(code=besides)
    return [("", "Nothing above"), *rows.order_by("name").values_list("code", "name")]


def _named(code: str) -> Department | None:
    return Department.objects.get(code=code) if code else None


@acting("department.change")
def new(request: CityRequest) -> HttpResponse:
    """A body of the city, below another one or not."""
    require(request, "department.change")
    form = NewDepartment(_open_ones(), request.POST or None)

    def verb() -> Department:
        c = form.cleaned_data
        return organization.make_department(
            c["code"], c["name"], parent=_named(c["parent"]), mailbox_cost=round(100 * (c["cost"] or 0)),
            actor=request.actor, reason=c["reason"], now=epoch_ms(request.now),
        )  # fmt: skip

    page = Page("Which department is new?", "Departments", [("Departments", reverse("departments"))])
    return respond_to_form(
        request, form, verb, page=page, back=reverse("departments"), template=FORM_TEMPLATE, submit="Open 1 department",
        message=lambda made: f"{made} is there. Name its head next.", to=lambda made: reverse("department-lead", args=[made.code]),
    )  # fmt: skip


@acting("department.change")
def change(request: CityRequest, department: str) -> HttpResponse:
    """Its name, and what a mailbox costs it; the code stays."""
    require(request, "department.change")
    where = get_object_or_404(Department, code=department)
    form = ChangeDepartment(request.POST or None, initial={"name": where.name, "cost": where.mailbox_cost / 100})

    def verb() -> None:
        c = form.cleaned_data
        cents = round(100 * (c["cost"] or 0))
        organization.change_department(where, c["name"], cents, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    page = Page(f"What is different about {where.name}?", "Departments", _crumbs(where))
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=_crumbs(where)[-1][1],
        template=FORM_TEMPLATE,
        submit="Save",
        message="The department was changed.",
        note="The cost stands in requests that are made from now on; what was asked for keeps its own.",
    )


@acting("department.change")
def lead(request: CityRequest, department: str) -> HttpResponse:
    """Who decides who gets mail there."""
    require(request, "department.change")
    where = get_object_or_404(Department.objects.select_related("head"), code=department)
    head = where.head.uid if where.head else ""
    deputies = "\n".join(where.deputies.order_by("family").values_list("uid", flat=True))
    form = Lead(request.POST or None, initial={"head": head, "deputies": deputies, "was": head})

    def verb() -> None:
        c = form.cleaned_data
        where.head = Person.objects.filter(uid=c["was"]).first()  # as the asker saw it: the verb compares it with the row
        organization.lead_department(
            where, c["head"], c["deputies"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    effects = ["Head and deputies decide who of the department and of its divisions gets mail, from the next click on."]
    if where.head:
        effects.append(f"{where.head} decides no longer, unless you leave the name where it is.")
    stays = ["What was approved stays approved. What waits is decided by whoever is named now."]
    page = Page(f"Who decides for {where.name}?", "Departments", _crumbs(where))
    return respond_to_form(
        request, form, verb, page=page, back=_crumbs(where)[-1][1], effects=effects, stays=stays, verb="Name head and deputies",
        message=f"Head and deputies of {where} were named.",
    )  # fmt: skip


@acting("department.change")
def place(request: CityRequest, department: str) -> HttpResponse:
    """Another place in the tree, with all that is below."""
    require(request, "department.change")
    where = get_object_or_404(Department.objects.select_related("parent"), code=department)
    parent = where.parent.code if where.parent else ""
    form = Place(_open_ones(where.code), request.POST or None, initial={"parent": parent})

    def verb() -> None:
        c = form.cleaned_data
        organization.place_department(
            where, _named(c["parent"]), actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    effects = ["Heads and deputies above it decide for it, too.", "Lists of everybody above it reach its people."]
    page = Page(f"Where does {where.name} belong?", "Departments", _crumbs(where))
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=_crumbs(where)[-1][1],
        effects=effects,
        verb="Move 1 department",
        message=f"{where} was moved.",
    )


@acting("department.change")
def close(request: CityRequest, department: str) -> HttpResponse:
    """It is no more; it must be empty."""
    return _shut(request, department, shut=True)


@acting("department.change")
def reopen(request: CityRequest, department: str) -> HttpResponse:
    """It is there again."""
    return _shut(request, department, shut=False)


def _shut(request: CityRequest, department: str, *, shut: bool) -> HttpResponse:
    require(request, "department.change")
    where = get_object_or_404(Department, code=department)
    form = ReasonForm(request.POST or None)
    verb_of = organization.close_department if shut else organization.reopen_department
    effects = (
        ["Nobody can be hired or authorised there.", "It must have no people, open mailboxes or open divisions."]
        if shut
        else ["It can have people, mailboxes and divisions again."]
    )
    word = "Close" if shut else "Open"
    return respond_to_form(
        request,
        form,
        lambda: verb_of(where, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"{word} {where.name}{'' if shut else ' again'}?", "Departments", _crumbs(where)), back=_crumbs(where)[-1][1],
        effects=effects, stays=["Its history, its mail and what was authorised are kept."], verb=f"{word} 1 department", stop=shut,
        message=f"{where} is {'closed' if shut else 'open again'}.",
    )  # fmt: skip
