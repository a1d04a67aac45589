"""Rights to a mailbox: a named person asks to use another's, a right goes on for longer, or ends alone (P-04, P-07; M2, M5)."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import access_requests, people, suspensions
from civicmail.city.access.epoch import DAY_MS, epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.forms import ReasonForm, end_of_day
from civicmail.city.access.models import Authorisation
from civicmail.city.access.queries import authorization_labels
from civicmail.city.access.queries.bars import about_authorisation
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.mailboxes import mailbox_crumbs
from civicmail.city.access.views.officeforms import Extend, UntilBecause
from civicmail.city.access.views.page import Page

WITH = ("mailbox__holder", "person", "department", "requester", "approver", "episode__contract", "episode__department")


@acting("request.decide")
def extend(request: CityRequest, pk: int) -> HttpResponse:
    """What ends soon goes on, before it ends: an approver says why and until when."""
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    about = about_authorisation(a)
    require(request, "request.decide", about)
    year = timezone.localdate(request.now) + timedelta(days=364)
    contract = a.episode.contract
    if contract is not None:
        year = min(year, contract.ends)
    form = Extend(request.POST or None, initial={"until": year, "was": str(epoch_ms(a.until))})

    def verb() -> Authorisation:
        c = form.cleaned_data
        if c["was"] != str(epoch_ms(a.until)):
            raise Conflict("Somebody has changed this meanwhile; look at it again.")
        until = min(end_of_day(c["until"]), epoch_ms(request.now) + 365 * DAY_MS)
        return access_requests.extend(a, until, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    effects = [f"{a.person} may use {a.mailbox} until the day that you say. Now it ends on {_day(a)}."]
    stays = ["The four reasons stay as they were written. Where they are not true any more, ask anew instead."]
    back = _person(a)
    page = Page(
        f"Keep {a.mailbox.address} for {a.person}?", str(a.department), [back], authorization_labels.current_state(a, request.now)
    )
    return respond_to_form(
        request, form, verb, page=page, back=back[1], effects=effects, stays=stays, verb="Keep access of 1 person",
        message=lambda made: f"{made.person} keeps {made.mailbox} until {_day(made)}.",
    )  # fmt: skip


def _day(a: Authorisation) -> str:
    """The last day of a right, in words."""
    return f"{last_day(a.until):%b %-d, %Y}"


def _person(a: Authorisation) -> tuple[str, str]:
    return str(a.person), reverse("person", args=[a.episode.department.code, a.person.uid])


@acting("access.end")
def overlap(request: CityRequest, pk: int) -> HttpResponse:
    """The department that a mover left says when what it authorised ends (M6)."""
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    require(request, "access.end", about_authorisation(a))
    form = UntilBecause(request.POST or None, initial={"until": last_day(a.until)})
    effects = [
        f"{a.person} works in {a.episode.department} now, and may use {a.mailbox} until the day that you say: 90 days at most."
    ]
    stays = [f"{a.episode.department} decides afresh; this does not wait for it, and does not keep it from deciding."]

    def verb() -> None:
        c = form.cleaned_data
        until = min(end_of_day(c["until"]), epoch_ms(request.now) + 90 * DAY_MS)
        people.set_overlap(a, until, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    back = reverse("people", args=[a.department.code])
    page = Page(f"When does the access of {a.person} end here?", str(a.department), [(f"{a.department}: people", back)])
    return respond_to_form(
        request, form, verb, page=page, back=back, effects=effects, stays=stays, verb="Set 1 end",
        message=f"The end for {a.person} is set.",
    )  # fmt: skip


@acting("access.end")
def revoke(request: CityRequest, pk: int) -> HttpResponse:
    """One right of somebody ends for good; their own access and their other rights stay."""
    a = get_object_or_404(Authorisation.objects.select_related(*WITH), pk=pk)
    about = about_authorisation(a)
    require(request, "access.end", about)
    form = ReasonForm(request.POST or None)
    effects = [f"{a.person} cannot send from {a.mailbox} or read it, within a second."]
    if a.role == "holder":
        effects.append("It is the person's own: what was granted to them ends too, and what comes in is held.")
    stays = ["Mail is kept.", "Whoever needs it again is authorised anew."]
    back = mailbox_crumbs(a.mailbox)[0]
    page = Page(
        f"End the right of {a.person} to {a.mailbox.address}?",
        str(a.department),
        [back],
        authorization_labels.current_state(a, request.now),
    )
    return respond_to_form(
        request,
        form,
        lambda: suspensions.revoke(a, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=page, back=back[1], effects=effects, stays=stays, verb="End 1 right", stop=True,
        message=f"The right of {a.person} to {a.mailbox} has ended.",
    )  # fmt: skip
