"""What was decided about my message, and what can I do? For whoever has its number, without an account ("/decision/NUMBER/")."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.access.forms import long
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.sentences import SENTENCES
from civicmail.city.access.views import saying
from civicmail.city.access.views.asked import Asked
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.trying import status_of, tried
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import contests as verbs
from civicmail.desk.holding.decisions import Decision, Reason, What
from civicmail.desk.holding.models import Contest

WHAT: dict[What, tuple[str, Any]] = {
    "refused": ("stop", gettext_lazy("Refused: nobody got it")),
    "held": ("lock", gettext_lazy("Held for a decision")),
    "quarantined": ("lock", gettext_lazy("In quarantine")),
    "waiting": ("wait", gettext_lazy("Waits for a check")),
    "marked": ("warn", gettext_lazy("Delivered with a warning")),
    "released": ("done", gettext_lazy("Let go")),
}


class Says(forms.Form):
    """What was wrong about it."""

    text = long(
        gettext_lazy("Why was it wrong?"),
        gettext_lazy("Say what the message was about. Nobody reads it for this."),
        most=2000,
        rows=4,
    )
    contact = forms.EmailField(
        label=gettext_lazy("Where do we answer?"), required=False, max_length=254,
        help_text=gettext_lazy("Your e-mail address. Without one you find the answer on this page."),
    )  # fmt: skip


def _words(reason: Reason) -> str:
    """In the language of the page."""
    if (ours := SENTENCES.get(reason.rule)) is not None:
        return f"{saying.said(ours)}."
    return saying.said(reason.words)


def _contest(request: Asked, capture: uuid.UUID, found: Decision, said: dict[str, Any], now: int) -> Contest:
    client = request.actor.client
    return verbs.contest(capture, found, said["text"], said["contact"], client=client, now=now)


@never_cache
def decision(request: Asked, capture: uuid.UUID) -> HttpResponse:
    """A number of which nothing is known and one of a message that was simply delivered get the same page."""
    now = ms(request.now)
    title = gettext("What was decided about a message?")
    found = queries.decision(capture)
    if found is None:
        return render(request, "holding/decision.html", {"page": Page(title, gettext("Decision"))}, status=404)
    form = Says(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if tried(form, lambda: _contest(request, capture, found, said, now)):
            messages.success(request, gettext("Somebody will look at it. Come back to this page for the answer."))
            return redirect(request.path)
    page = Page(title, gettext("Decision"), state=WHAT[found.what], facts=[(gettext("Received"), moment(found.at))])
    shown = {"page": page, "form": form, "found": found, "number": str(capture), "contests": queries.contests(capture)}
    shown["reasons"] = [(_words(reason), reason.clause, saying.said(reason.ask), reason.rule) for reason in found.reasons]
    return render(request, "holding/decision.html", shown, status=status_of(form))
