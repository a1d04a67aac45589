"""The decision on a message, for anyone with its number, without an account ("/decision/NUMBER/")."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import wording
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import Label, labels
from civicmail.city.snapshot.sender_refusals import REFUSALS
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import appeals as verbs
from civicmail.desk.holding.decisions import Decision, Reason
from civicmail.desk.holding.models import Contest

OUTCOMES: dict[str, Label] = labels("held", "quarantined", "released", refused="rejected", waiting="checking", marked="flagged")


class AppealForm(forms.Form):
    """The text of an appeal."""

    text = text_field(
        gettext_lazy("Why was it wrong?"),
        gettext_lazy("Describe what the message was about. We do not read the message for this."),
        max_length=2000,
        rows=4,
    )
    contact = forms.EmailField(
        label=gettext_lazy("Where do we answer?"), required=False, max_length=254,
        help_text=gettext_lazy("Your e-mail address. Without one you find the answer on this page."),
    )  # fmt: skip


def _reason_text(reason: Reason) -> str:
    """In the language of the page."""
    if (ours := REFUSALS.get(reason.rule)) is not None:
        return f"{wording.translate(ours)}."
    return wording.translate(reason.words)


def _appeal(request: CityRequest, capture: uuid.UUID, outcome: Decision, cleaned: dict[str, Any], now: int) -> Contest:
    client = request.actor.client
    return verbs.appeal(capture, outcome, cleaned["text"], cleaned["contact"], client=client, now=now)


@never_cache
def decision(request: CityRequest, capture: uuid.UUID) -> HttpResponse:
    """Show the decision. An unknown number and one of a message that was simply delivered get the same page."""
    now = epoch_ms(request.now)
    title = gettext("Decision about a message")
    outcome = queries.decision(capture)
    if outcome is None:
        return render(request, "holding/decision.html", {"page": Page(title, gettext("Decision"))}, status=404)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        if run_verb(form, lambda: _appeal(request, capture, outcome, cleaned, now)):
            messages.success(request, gettext("Your appeal will be reviewed. Return to this page for the answer."))
            return redirect(request.path)
    page = Page(title, gettext("Decision"), state=OUTCOMES[outcome.what], facts=[(gettext("Received"), from_ms(outcome.at))])
    shown = {"page": page, "form": form, "found": outcome, "number": str(capture), "contests": queries.contests_of(capture)}
    shown["reasons"] = [
        (_reason_text(reason), reason.clause, wording.translate(reason.ask), reason.rule) for reason in outcome.reasons
    ]
    return render(request, "holding/decision.html", shown, status=status_of(form))
