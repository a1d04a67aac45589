"""Reveal the content of a message to an operator: reason, audit entry, one view (P-17, I1; promise 4)."""

from __future__ import annotations

import uuid

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.reveals import REASONS
from civicmail.city.identity.actions import content_views
from civicmail.city.pages.city_request import CityRequest, acting, or_404, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.front.web.system.trace_message import traced_or_404

PEOPLE = (("from_", "From"), ("sender", "Sender"), ("reply_to", "Answers to"), ("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"))


class Why(forms.Form):
    """The purpose of a content view; nothing is preselected."""

    reason_code = forms.ChoiceField(label="Why must its content be seen?", choices=list(REASONS.items()), widget=forms.RadioSelect)
    text = text_field(
        "In words", "What you are looking for. The auditor reads it; at least 10 characters.", min_length=10, max_length=400
    )


@acting("content.reveal")
def reveal(request: CityRequest, capture: uuid.UUID) -> HttpResponse:
    """The response to the form is the message; another view needs another reason."""
    require(request, "content.reveal")
    traced = traced_or_404(request, capture)
    form = Why(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, text = form.cleaned_data["reason_code"], form.cleaned_data["text"]
        permit = run_verb(form, lambda: content_views.reveal(request.actor, code, text, traced.uuid, now=epoch_ms(request.now)))
        if permit is not None:
            archive = store().archive()
            place = or_404(archive.place(capture.bytes))
            with damage_as_later():
                body = archive.body(permit, place)
            shown = sandboxed.read(body)
            page = Page(
                traced.sha256[:12],
                "Revealed",
                _crumbs(traced.uuid),
                label("logged"),
                [("Entry", permit.entry.removeprefix("entry:"))],
            )
            people = [(words, getattr(shown, name)) for name, words in PEOPLE] if shown is not None else []
            return render(request, "system/revealed.html", {"page": page, "shown": shown, "t": traced, "people": people})
    effects = [
        "An entry says who looked, when, as system administrator, and why. It is written before anything is shown.",
        "The auditor reads all reveals of a week, or draws from them.",
        "The message is shown once, as text. Looking again takes a reason again.",
    ]
    shown_form = {
        "page": Page("Reveal the content of this message?", "Trace", _crumbs(traced.uuid)),
        "form": form,
        "effects": effects,
        "stays": ["Its sender and its recipients are not told by mail."],
        "verb": "Reveal 1 message",
        "back": reverse("trace-one", args=[capture]),
    }
    return render(request, "pages/confirm.html", shown_form, status=status_of(form))


def _crumbs(capture: str) -> list[tuple[str, str]]:
    return [("Trace", reverse("trace")), ("Message", reverse("trace-one", args=[capture]))]
