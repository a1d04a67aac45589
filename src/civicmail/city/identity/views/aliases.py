"""Addresses: another one for a mailbox, its end, and whose an address was on a day (P-08, L3)."""

from __future__ import annotations

from datetime import datetime, time

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory import queries
from civicmail.city.directory.models import Address, Department, Person
from civicmail.city.identity.views.officeforms import Whose
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page


@acting("mailbox.see")
def whose(request: CityRequest) -> HttpResponse:
    """The owner of an address on a day, at any time in the past."""
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
        "page": Page("Address history", "Mailboxes", crumbs),
        "form": form,
        "asked": params,
        "found": owner,
        "person": person,
        "where": where,
        "rows": rows,
        "day": day,
    }
    return render(request, "identity/whose.html", shown, status=422 if form.is_bound and form.errors else 200)
