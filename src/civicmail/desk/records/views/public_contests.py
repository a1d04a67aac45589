"""Contest a redaction or a withheld document, on the status page and without an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Page
from civicmail.desk.records.actions import contests
from civicmail.desk.records.models import Contest
from civicmail.desk.records.queries.receipts import by_token
from civicmail.desk.records.views.public_requests import require_rate

CONTESTS = RateLimit(20)
"""Contests of one network in an hour."""
KINDS = [
    ("redaction", gettext_lazy("A redaction, by the number in its box")),
    ("item", gettext_lazy("A document that was withheld, by its number in the withholding log")),
]


class ContestForm(forms.Form):
    """A contest of one number."""

    kind = forms.ChoiceField(label=gettext_lazy("What do you contest?"), choices=KINDS, widget=forms.RadioSelect)
    number = forms.IntegerField(label=gettext_lazy("Its number"), min_value=1, max_value=2_000_000_000)
    text = forms.CharField(
        label=gettext_lazy("Why?"),
        help_text=gettext_lazy("Say why it should be released. You need not know the law."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Write why you contest it.")},
    )

    def is_multipart(self) -> bool:
        """Long texts in any script pass without being percent-encoded."""
        return True


@never_cache
def contest(request: CityRequest, token: str) -> HttpResponse:
    """The form of a contest; after it the status page."""
    row = by_token(token)
    if row is None:
        raise Http404
    now = epoch_ms(request.now)
    form = ContestForm(request.POST if request.method == "POST" else None)

    def verb() -> Contest:
        require_rate(CONTESTS, request, now)
        given: dict[str, Any] = form.cleaned_data
        return contests.contest(row, **{given["kind"]: given["number"]}, text=given["text"], now=now)

    back = reverse("public-records-follow", args=[token])
    if request.method == "POST" and form.is_valid() and run_verb(form, verb) is not None:
        return redirect(f"{back}#contests")
    above = [
        (gettext("Public records"), reverse("public-records")),
        (gettext("Your request {number}").format(number=row.number), back),
    ]
    page = Page(gettext("Contest a redaction or a withheld document"), "", above)
    return render(request, "records/public_contest.html", {"page": page, "form": form, "back": back}, status=status_of(form))
