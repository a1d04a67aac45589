"""Report one's own message as dangerous, spam, or good mail: one page, one button for each (P-02, P-31)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import set_choices
from civicmail.city.access.views.city_request import CityRequest, acting, me
from civicmail.city.access.views.form_verb import status_of
from civicmail.city.access.views.page import Page
from civicmail.core.config.errors import LaterError
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import reporting
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.desk.mailbox.views.reporting import may_be_reported
from civicmail.desk.viewer.queries import store
from civicmail.mail.pipeline import labels
from civicmail.mail.pipeline.labels import Label

DANGER = ("danger", gettext_lazy("It is dangerous, or may be a fraud"))
ANSWERS = (DANGER, ("spam", gettext_lazy("Yes, this is spam")), ("good", gettext_lazy("No, this is good mail")))


class ReportForm(forms.Form):
    """The answer is the button."""

    what = forms.ChoiceField(choices=ANSWERS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, answers: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "what", answers)


@acting("my.mail")
def report(request: CityRequest, id: uuid.UUID) -> HttpResponse:
    """Report one's own mail. Only mail from outside can be judged as spam."""
    message = open_message(request, id)
    if message.eye != "given":
        raise Http404
    back = reverse("mail-message", args=[message.id])
    answers = ANSWERS if may_be_reported(message) else (DANGER,)
    form = ReportForm(request.POST if request.method == "POST" else None, answers=answers)
    if request.method == "POST" and form.is_valid():
        messages.success(request, carried_out(request, message, form.cleaned_data["what"]))
        return redirect(back)
    page = Page(gettext("What is wrong with this message?"), gettext("My mail"), [*crumbs(), (gettext("Message"), back)])
    shown = {"page": page, "form": form, "spam": may_be_reported(message), "answers": ANSWERS[1:], "danger": DANGER, "back": back}
    return render(request, "incidents/report.html", shown, status=status_of(form))


def carried_out(request: CityRequest, message: OpenedMessage, what: str) -> str:
    """Carry out the report and return the message to show. what: of ANSWERS. Raises LaterError if the mail cannot be read now."""
    now, actor = epoch_ms(request.now), request.actor
    if may_be_reported(message):
        labels.write_label(store().data, message.capture.id, Label(what != "good", actor.uid, "report"), now)
    if what != "danger":
        return gettext("Thank you. The filter learns from it, and from what others say.")
    marks = queries.marks_of(message.capture.id)
    if marks is None:
        raise LaterError(gettext("The message cannot be read at this moment, so it was not reported. Try again in a minute."))
    reporting.report(message.id, marks, me(request), "page", actor=actor, now=now)
    return gettext("Thank you. Security looks at it and answers you by mail. Do not answer it, and open nothing in it.")
