"""Addresses: another one for a mailbox, its end, and whose an address was on a day (P-08, L3)."""

from __future__ import annotations

from datetime import datetime, time

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import mailboxes as verbs
from civicmail.city.access.forms import Because
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import about_mailbox
from civicmail.city.access.views.asked import Asked, acting, require
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.mailboxes import the, up
from civicmail.city.access.views.officeforms import NewAlias, Whose
from civicmail.city.access.views.page import Page
from civicmail.city.directory import queries
from civicmail.city.directory.models import Address, Department, Person


@acting("address.change")
def add(request: Asked, address: str) -> HttpResponse:
    """One that was never another person's."""
    box = the(request, address)
    require(request, "address.change", about_mailbox(box))
    form = NewAlias(request.POST or None)

    def verb() -> None:
        c = form.cleaned_data
        verbs.add_alias(box, c["address"], actor=request.actor, reason=c["reason"], now=ms(request.now))

    page = Page(f"Which other address reaches {box.address}?", str(box.department), up(box))
    return answered(
        request, form, verb, page=page, back=up(box)[0][1], template=FORM, submit="Add 1 address", said="The address was added.",
        note="An address stays this mailbox's for ever: it is never given to another person, also after it has ended.",
    )  # fmt: skip


@acting("address.change")
def end(request: Asked, address: str) -> HttpResponse:
    """?address=... reaches nobody any more."""
    box = the(request, address)
    require(request, "address.change", about_mailbox(box))
    which = request.GET.get("address", "").strip().lower()
    form = Because(request.POST or None)
    effects = [f"Mail to {which or 'no address'} is refused from now on.", f"{box.address} and its other addresses stay."]
    return answered(
        request,
        form,
        lambda: verbs.end_alias(box, which, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(f"End the address {which}?", str(box.department), up(box)), back=up(box)[0][1], effects=effects,
        stays=["Nobody else ever gets this address."], verb="End 1 address", stop=True, said=f"{which} reaches nobody any more.",
    )  # fmt: skip


@acting("mailbox.see")
def whose(request: Asked) -> HttpResponse:
    """Who was this address on that day? Answered for ever."""
    require(request, "mailbox.see")
    today = timezone.localdate(request.now)
    asked = {"day": today.isoformat(), **request.GET.dict()} if request.GET.get("address") else None
    form = Whose(asked, initial={"day": today})
    found, rows, day = None, [], today
    if asked is not None and form.is_valid():
        day = form.cleaned_data["day"] or today
        noon = timezone.make_aware(datetime.combine(day, time(12)))
        found = queries.owner_at(form.cleaned_data["address"], request.now if day == today else noon)
        plain = form.cleaned_data["address"].strip().lower()
        rows = list(Address.objects.filter(address=plain).select_related("mailbox", "person").order_by("-since"))
    where = Department.objects.filter(code=found.department).first() if found else None
    person = Person.objects.filter(uid=found.person).first() if found and found.person else None
    crumbs = [("Mailboxes", reverse("mailboxes"))]
    shown = {
        "page": Page("Whose was this address on that day?", "Mailboxes", crumbs),
        "form": form,
        "asked": asked,
        "found": found,
        "person": person,
        "where": where,
        "rows": rows,
        "day": day,
    }
    return render(request, "access/whose.html", shown, status=422 if form.is_bound and form.errors else 200)
