"""Is this message spam? One page, two buttons: what somebody says of mail of theirs teaches the city's filter (P-02)."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import Asked as Request
from civicmail.city.access.views.asked import acting
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.trying import status_of
from civicmail.desk.mailbox.views.one import Found, crumbs, found
from civicmail.desk.viewer.queries import store
from civicmail.mail.pipeline import labels
from civicmail.mail.pipeline.labels import Label

ANSWERS = (("spam", gettext_lazy("Yes, this is spam")), ("good", gettext_lazy("No, this is good mail")))


class Said(forms.Form):
    """The answer is the button."""

    what = forms.ChoiceField(choices=ANSWERS, widget=forms.HiddenInput)


def may_be_reported(one: Found) -> bool:
    """What came from outside and was given to me."""
    return one.eye == "given" and labels.is_inbound(one.capture)


@acting("my.mail")
def report(request: Request, id: uuid.UUID) -> HttpResponse:
    """A record of the message, which the learner takes in within seconds."""
    one = found(request, id)
    if not may_be_reported(one):
        raise Http404
    back = reverse("mail-message", args=[one.id])
    form = Said(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        label = Label(form.cleaned_data["what"] == "spam", request.actor.uid, "report")
        labels.say(store().data, one.capture.id, label, ms(request.now))
        messages.success(request, gettext("Thank you. The filter learns from it, and from what others say."))
        return redirect(back)
    page = Page(gettext("Is this message spam?"), gettext("My mail"), [*crumbs(), (gettext("Message"), back)])
    shown = {"page": page, "form": form, "answers": ANSWERS, "back": back}
    return render(request, "mailbox/report.html", shown, status=status_of(form))
