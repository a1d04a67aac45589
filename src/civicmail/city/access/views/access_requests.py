"""Requests for access: shall they get it? One request, its four reasons, and a decision that is nobody's who asked (P-04, M3)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.actions import access_requests, suspensions
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import DecisionForm, ReasonForm, SuspendOrResume
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries import authorization_labels, bars
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.queries.bars import about_authorisation
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, hidden_unless, may, me, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.roster import crumb, department_of

WITH = ("mailbox", "person", "department", "requester", "approver", "episode__contract")


@acting("roster.see")
def waiting(request: CityRequest, department: str) -> HttpResponseBase:
    """What was asked of a department, the open ones first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    table = listing.from_query(
        request,
        Authorisation.objects.filter(department=where),
        caption=f"Requests of {where.name}",
        columns=[
            Column("person", "Person", _person, ("person__family", "person__given")),
            Column("mailbox", "Mailbox", lambda a: Cell(a.mailbox.address, full=True), ("mailbox__address",)),
            Column("role", "As", lambda a: a.role, name="as"),
            Column("state", "State", lambda a: _state(a, request), ("state",)),
            Column("asked", "Asked", lambda a: Cell(a.asked, hint=f"by {a.requester}"), ("asked",), name="asked"),
            Column("until", "Until", lambda a: last_day(a.until), ("until",), name="until"),
        ],
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(person__display__icontains=value)),
            Filter(
                "state",
                "State",
                lambda rows, value: rows.filter(state=value),
                [(k, str(w)) for k, (_, w) in authorization_labels.WORDS.items()],
            ),
        ],
        empty="Nobody has asked for access here.",
        noun="requests",
        sort="-asked",
        slim=lambda rows: rows.select_related(*WITH),
    )
    page = Page("Who asked for access?", where.name, [crumb(where)])
    return listing.render_list(request, "access/list.html", table, {"page": page})


def _person(a: Authorisation) -> Cell:
    return Cell(str(a.person), reverse("request", args=[a.pk]))


def _state(a: Authorisation, request: CityRequest) -> Cell:
    role, word = authorization_labels.current_state(a, request.now)
    return Cell(word, role=role)


@acting("request.see")
def show(request: CityRequest, pk: int) -> HttpResponse:
    """The request; for who may answer it, the decision."""
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    about = about_authorisation(a)
    hidden_unless(request, "request.see", about)
    act, decides, higher = bars.decision_for(a)
    answer = may(request, act, decides)
    form = None
    if (a.state == "asked" and answer) or request.method == "POST":
        form = DecisionForm(request.POST or None, initial={"state": a.state})
    if request.method == "POST" and form is not None and form.is_valid():
        require(request, act, decides)
        if _decide(request, a, form):
            return redirect("requests", department=a.department.code)
        a = Authorisation.objects.select_related(*WITH).get(pk=pk)
    shown = {
        "page": _page(request, a),
        "a": a,
        "form": form,
        "why_not": "" if answer or a.state != "asked" else answer.reason,
        "higher": higher,
        "bars": bars.living(request.now, [a.person.pk]),
        "barred": a.person.endings.order_by("-when")[:3],
        "earlier": a.person.authorisations.exclude(pk=a.pk).select_related("mailbox", "department").order_by("-since")[:10],
        "may_withdraw": a.state in ("asked", "approved") and bool(may(request, "request.withdraw", about)),
    }
    return render(request, "access/request.html", shown, status=status_of(form) if form is not None else 200)


def _page(request: CityRequest, a: Authorisation) -> Page:
    facts: list[tuple[str, Any]] = [
        ("Asked by", a.requester),
        ("Asked", a.asked),
        ("Until", last_day(a.until)),
        ("Costs", f"${a.cost / 100:,.2f} a year"),
    ]
    heading = f"Shall {a.person} get mail?" if a.state == "asked" else f"Mail access of {a.person}"
    crumbs = [(f"{a.department}: requests", reverse("requests", args=[a.department.code]))]
    if not may(request, "roster.see", InDepartment(a.department.code)):
        crumbs = [("Home", "/")]
    return Page(heading, "Request", crumbs, authorization_labels.current_state(a, request.now), facts)


def _decide(request: CityRequest, a: Authorisation, form: DecisionForm) -> bool:
    """True when it is decided as asked, also by the same person's first click of two."""
    decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"]
    a.state = form.cleaned_data["state"]  # what the asker saw: the verb compares it with the row
    verb = access_requests.approve if decision == "approve" else access_requests.refuse
    if run_verb(form, lambda: verb(a, actor=request.actor, now=epoch_ms(request.now), reason=reason)):
        done = "approved" if decision == "approve" else "refused"
        messages.success(request, f"Access for {a.person} was {done}.")
        return True
    now = Authorisation.objects.get(pk=a.pk)
    mine = now.approver_id == me(request).pk and now.asked == a.asked
    return mine and (now.state == "refused") == (decision == "refuse")


@acting("request.withdraw")
def withdraw(request: CityRequest, pk: int) -> HttpResponse:
    """Take a request back."""
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    about = about_authorisation(a)
    hidden_unless(request, "request.see", about)
    require(request, "request.withdraw", about)
    form = ReasonForm(request.POST or None)
    back = reverse("request", args=[a.pk])
    return respond_to_form(
        request,
        form,
        lambda: access_requests.withdraw(a, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"Withdraw the request for {a.person}?", "Request", [("The request", back)]),
        back=back,
        effects=[f"{a.person} gets no access to {a.mailbox.address} by this request.", "It can be asked for again."],
        verb="Withdraw 1 request",
        message=f"The request for {a.person} was withdrawn.",
    )


@acting("access.suspend")
def suspend(request: CityRequest, pk: int) -> HttpResponse:
    """All access of the holder stops; it can be resumed."""
    return _switch(request, pk, "suspend")


@acting("access.resume")
def resume(request: CityRequest, pk: int) -> HttpResponse:
    """What was suspended is in force again."""
    return _switch(request, pk, "resume")


def _switch(request: CityRequest, pk: int, action: str) -> HttpResponse:
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    about = about_person(a.person)
    require(request, f"access.{action}", about)
    form = SuspendOrResume(request.POST or None, initial={"state": a.state})
    back = reverse("person", args=[about.department, a.person.uid])
    verb = suspensions.suspend if action == "suspend" else suspensions.resume
    effects = {
        "suspend": [
            f"{a.person} cannot send, and is signed out everywhere within a second.",
            "What comes in is kept and held until access is resumed or somebody else looks after it.",
        ],
        "resume": [
            f"{a.person} can send and read again, until {last_day(a.until):%b %-d, %Y} as before.",
            "What was held is delivered.",
        ],
    }[action]
    return respond_to_form(
        request, form, lambda: verb(a.person, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"{action.capitalize()} access of {a.person}?", str(a.department), [(str(a.person), back)]), back=back,
        effects=effects, stays=["No mail is deleted.", "The four reasons and the approval stay as they are."],
        verb=f"{action.capitalize()} access of 1 person", stop=action == "suspend",
        message=f"Access of {a.person} was {'suspended' if action == 'suspend' else 'resumed'}.",
    )  # fmt: skip
