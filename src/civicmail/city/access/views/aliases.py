"""Addresses: another one for a mailbox, its end, and whose an address was on a day (P-08, L3)."""

from __future__ import annotations

from datetime import datetime, time

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import mailboxes as verbs
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries.actors import about_mailbox
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.mailboxes import find_mailbox, mailbox_crumbs
from civicmail.city.access.views.officeforms import NewAlias, Whose
from civicmail.city.access.views.page import Page
from civicmail.city.directory import queries
from civicmail.city.directory.models import Address, Department, Person


@acting("address.change")
def add(request: CityRequest, address: str) -> HttpResponse:
    """One that was never another person's."""
    box = find_mailbox(request, address)
    require(request, "address.change", about_mailbox(box))
    form = NewAlias(request.POST or None)

    def verb() -> None:
        c = form.cleaned_data
        verbs.add_alias(box, c["address"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    page = Page(f"Which other address reaches {box.address}?", str(box.department), mailbox_crumbs(box))
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=mailbox_crumbs(box)[0][1],
        template=FORM_TEMPLATE,
        submit="Add 1 address",
        message="The address was added.",
        note="An address stays this mailbox's for ever: it is never given to another person, also after it has ended.",
    )


@acting("address.change")
def end(request: CityRequest, address: str) -> HttpResponse:
    """?address=... reaches nobody any more."""
    box = find_mailbox(request, address)
    require(request, "address.change", about_mailbox(box))
    which = request.GET.get("address", "").strip().lower()
    form = ReasonForm(request.POST or None)
    effects = [f"Mail to {which or 'no address'} is refused from now on.", f"{box.address} and its other addresses stay."]
    return respond_to_form(
        request,
        form,
        lambda: verbs.end_alias(box, which, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"End the address {which}?", str(box.department), mailbox_crumbs(box)),
        back=mailbox_crumbs(box)[0][1],
        effects=effects,
        stays=["Nobody else ever gets this address."],
        verb="End 1 address",
        stop=True,
        message=f"{which} reaches nobody any more.",
    )


@acting("mailbox.see")
def whose(request: CityRequest) -> HttpResponse:
    """Who was this address on that day? Answered for ever."""
    require(request, "mailbox.see")
    today = timezone.localdate(request.now)
    params = {"day": today.isoformat(), **request.GET.dict()} if request.GET.get("address") else None
    form = Whose(params, initial={"day": today})
    owner, rows, day = None, [], today
    if params is not None and form.is_valid():
        day = form.cleaned_data["day"] or today
        noon = timezone.make_aware(datetime.combine(day, time(12)))
        owner = queries.owner_at(form.cleaned_data["address"], request.now if day == today else noon)
        plain = form.cleaned_data["address"].strip().lower()
        rows = list(Address.objects.filter(address=plain).select_related("mailbox", "person").order_by("-since"))
    where = Department.objects.filter(code=owner.department).first() if owner else None
    person = Person.objects.filter(uid=owner.person).first() if owner and owner.person else None
    crumbs = [("Mailboxes", reverse("mailboxes"))]
    shown = {
        "page": Page("Whose was this address on that day?", "Mailboxes", crumbs),
        "form": form,
        "asked": params,
        "found": owner,
        "person": person,
        "where": where,
        "rows": rows,
        "day": day,
    }
    return render(request, "access/whose.html", shown, status=422 if form.is_bound and form.errors else 200)
