"""A form for complaints about city mail: open to anybody, without an account and without a trace of the sender (P-30; issue 7)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.actions import violation_reports
from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page

LIMIT = RateLimit(5)


class Complaint(forms.Form):
    """A description of the message, with its number if known."""

    what = text_field(
        gettext_lazy("What was wrong?"),
        gettext_lazy("Who wrote to whom, when, and what was wrong about it. At least 20 characters."),
        min_length=20,
        max_length=violation_reports.MAX_TEXT,
        rows=6,
    )
    number = forms.CharField(
        label=gettext_lazy("Number of the message"), max_length=60, required=False,
        help_text=gettext_lazy("If you have it. Most people do not, and it is found without."),
    )  # fmt: skip
    contact = forms.EmailField(
        label=gettext_lazy("Where do we answer?"), max_length=254, required=False,
        help_text=gettext_lazy("Your e-mail address. Leave it empty to stay without a name: then nothing is kept of who you are."),
    )  # fmt: skip


@never_cache
def new(request: CityRequest) -> HttpResponse:
    """The same form for everybody; a session, if any, is ignored."""
    now = epoch_ms(request.now)
    form = Complaint(request.POST or None)

    def verb() -> bool:
        if not LIMIT.takes(request.META.get("REMOTE_ADDR", ""), now):
            raise Conflict(gettext("From your network this was done often in the last hour; please come back later."))
        c = form.cleaned_data
        violation_reports.complain(c["what"], c["number"], c["contact"], now=now)
        return True

    if request.method == "POST" and form.is_valid() and run_verb(form, verb):
        messages.success(request, gettext("We received it and will review it. Thank you."))
        return redirect(request.path)
    page = Page(gettext("Complaint about a message"), gettext("Complaint"))
    return render(request, "conduct/complaint.html", {"page": page, "form": form}, status=status_of(form))
