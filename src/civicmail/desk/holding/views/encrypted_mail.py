"""Own messages in the pick-up portal, and whether their readers have opened them ("/mail/secure/", P-19)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Action, Page
from civicmail.desk.holding import pickup_states
from civicmail.desk.holding.actions import pickups as verbs
from civicmail.desk.holding.acts.pickups import REVOKE_PICK_UP

MAX_OPENINGS = 50


class PassphraseForm(forms.Form):
    """The passphrase that the sender tells the reader."""

    secret = forms.CharField(
        label=gettext_lazy("Passphrase"), max_length=verbs.MAX_SECRET, strip=False,
        help_text=gettext_lazy("At least 10 characters: three words that do not belong together are good."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


@acting("my.mail")
@sensitive_post_parameters("secret")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Set a passphrase, or take it back."""
    row = act_pages.permitted_row(REVOKE_PICK_UP, request, pk)
    action = request.POST.get("do", "")
    form = PassphraseForm(request.POST if action == "secret" else None)
    if request.method == "POST" and action == "revoke":
        return act_pages.respond_to_button(request, REVOKE_PICK_UP, row, reverse("secure-mail"))
    if action == "secret" and form.is_valid():
        secret, now = form.cleaned_data["secret"], epoch_ms(request.now)
        if run_verb(form, lambda: verbs.set_secret(row, secret, actor=request.actor, reason="my own message", now=now)):
            messages.success(request, gettext("The passphrase is set. Tell it to the reader by telephone."))
            return redirect("secure-mail")
    facts: list[tuple[str, Any]] = [
        (gettext("For"), row.to), (gettext("Sent"), row.made), (gettext("Here until"), row.until),
        (gettext("Opened first"), row.opened or gettext("not yet")), (gettext("Openings"), row.openings),
    ]  # fmt: skip
    if row.sender_only:
        facts.append((gettext("Passphrase"), gettext("sent to you, to pass on by telephone; the reader cannot choose one")))
    crumbs = [(gettext("My mail"), reverse("my-mail")), (gettext("Encrypted mail"), reverse("secure-mail"))]
    link = [Action(gettext("The message"), reverse("mail-message", args=[row.capture]))]
    page = Page(gettext("Pick-up status"), gettext("Encrypted message"), crumbs, pickup_states.WORDS[row.state], facts, link)
    openings = list(row.opened_from.all()[:MAX_OPENINGS])
    shown = {
        "page": page,
        "form": form,
        "openings": openings,
        "live": row.state in pickup_states.KEPT,
        "back": reverse("secure-mail"),
    }
    return render(request, "holding/secure.html", shown, status=status_of(form))
