"""Requests for access: one request, its four reasons, and a decision that its requester may not take (P-04, M3)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions import invitations
from civicmail.city.identity.acts.access_requests import DECIDE_REQUEST
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import authorization_labels, bars, home_tasks
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.queries.bars import about_authorization
from civicmail.city.identity.views.rights import second_person, user_acts
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, hidden_unless, may, me
from civicmail.city.pages.days import last_day


@acting("request.see")
def show(request: CityRequest, pk: int) -> HttpResponse:
    """Show the request, with the decision form for possible deciders. The verb checks the guard."""
    a = act_pages.row_of(DECIDE_REQUEST, pk, actor=request.actor, now=epoch_ms(request.now))
    hidden_unless(request, "request.see", about_authorization(a))
    response = act_pages.answer(request, DECIDE_REQUEST, a, _request_page(request, a), lambda done: _next_page(request, done))
    if response.status_code == HTTPStatus.CONFLICT and _is_second_click(request, a):
        return redirect("requests", department=a.department.code)
    return response


def _request_page(request: CityRequest, a: Authorization) -> FormPage:
    above = reverse("requests", args=[a.department.code])
    crumbs = [(f"{a.department}: requests", above)]
    if not may(request, "roster.see", InDepartment(a.department.code)):
        crumbs = [("Home", "/")]
    act, decides, higher = bars.decision_for(a)
    answer, is_open = may(request, act, decides), a.state == "asked"
    return FormPage(
        title=f"Approve mail access for {a.person}?" if is_open else f"Mail access of {a.person}", section="Request",
        submit="", back=above,
        crumbs=crumbs, state=authorization_labels.current_state(a, request.now),
        facts=[
            ("Asked by", a.requester), ("Asked", a.asked), ("Until", last_day(a.until)),
            ("Costs", f"${a.cost / 100:,.2f} a year"),
        ],
        actions=user_acts(request, a, second_person(request, [a])) if a.state in ("active", "suspended") else (),
        template="identity/request.html",
        context={
            "a": a, "higher": higher, "asks": is_open and bool(answer), "why_not": "" if answer or not is_open else answer.reason,
            "bars": bars.living(request.now, [a.person.pk]), "barred": a.person.endings.order_by("-when")[:3],
            "earlier": a.person.authorizations.exclude(pk=a.pk).select_related("mailbox", "department").order_by("-since")[:10],
            "may_withdraw": a.state in ("asked", "approved")
            and bool(may(request, "request.withdraw", about_authorization(a))),
        },
    )  # fmt: skip


def _next_page(request: CityRequest, done: Authorization) -> str:
    """The letter for a first sign-in where the person needs one, else the next request that waits, else the list."""
    who = done.person
    begins = done.role == "holder" and done.state == "active"
    if begins and invitations.needs_letter(who) and may(request, "account.invite", about_person(who)):
        return reverse("invite", args=[who.uid])
    waiting = home_tasks.answerable(Authorization.objects.filter(department=done.department), request.actor)
    following = waiting.order_by("asked").first()
    return reverse("request", args=[following.pk]) if following else DECIDE_REQUEST.after(done)


def _is_second_click(request: CityRequest, a: Authorization) -> bool:
    """Whether the same person's first click of two already decided it this way."""
    now = Authorization.objects.get(pk=a.pk)
    is_refused = request.POST.get("decision") == "refuse"
    return now.approver_id == me(request).pk and now.asked == a.asked and (now.state == "refused") == is_refused
