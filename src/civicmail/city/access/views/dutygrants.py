"""Granting and ending duties, and releasing held-up sign-ins: the access office's, each on a page with a reason (P-16, AC-7)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actions import signin
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.models import Account
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page


@acting("account.unlock")
def unlock(request: CityRequest, pk: int) -> HttpResponse:
    """A sign-in that is held up is released; what it opens with stays as it is."""
    account = get_object_or_404(Account.objects.select_related("person"), pk=pk)
    require(request, "account.unlock", about_person(account.person))
    form = ReasonForm(request.POST or None)
    who, back = account.person, reverse("unlocks")
    return respond_to_form(
        request,
        form,
        lambda: signin.unlock(account, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"Release the sign-in of {who}?", "Access office", [("Throttled sign-ins", back)]),
        back=back,
        effects=[
            f"{who} can try a password again, from anywhere; so can whoever typed the wrong ones.",
            "Passwords and passkeys stay.",
        ],
        verb="Release 1 sign-in",
        message=f"{who} can sign in again.",
    )
