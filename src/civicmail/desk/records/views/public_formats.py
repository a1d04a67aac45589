"""Ask for another format of what was released, without an account: large print, plain text, audio, paper (28 CFR 35.160)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.desk.records.actions import formats
from civicmail.desk.records.actions.formats import NewFormatRequest
from civicmail.desk.records.formats import FORMATS
from civicmail.desk.records.models import FormatRequest, Publication, Request
from civicmail.desk.records.queries import reading_room
from civicmail.desk.records.queries.receipts import by_token
from civicmail.desk.records.states import FORMAT

LIMIT = RateLimit(20)
"""Requests of one network in an hour."""


class FormatForm(forms.Form):
    """What is needed. Nobody is asked who they are, or why they need it."""

    format = forms.ChoiceField(
        label=gettext_lazy("Which format do you need?"),
        choices=[(key, gettext_lazy(words.text)) for key, words in FORMATS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a format.")},
    )
    file = forms.CharField(
        label=gettext_lazy("Which document?"),
        help_text=gettext_lazy("The name of its file. Leave it empty for all of the release."),
        max_length=200,
        required=False,
    )
    note = text_field(
        gettext_lazy("What should we know?"), gettext_lazy("For example the size of print, or a language."),
        max_length=1000, rows=3, required=False,
    )  # fmt: skip
    contact = text_field(
        gettext_lazy("Where do we send it?"),
        gettext_lazy(
            "A postal or e-mail address, or a telephone number. We remove it when we have answered. You can leave it empty."
        ),
        max_length=400, rows=2, required=False,
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("format") == "other" and not given.get("note"):
            self.add_error("note", gettext("Write which format you need."))
        return given


@never_cache
def of_release(request: CityRequest, slug: str) -> HttpResponse:
    """For a release of the reading room."""
    row = reading_room.public().filter(slug=slug).first()
    if row is None:
        raise Http404
    crumbs = [(gettext("Reading room"), reverse("public-reading-room")), (row.title, reverse("public-release", args=[slug]))]
    return _asked(request, row.production.request, row, crumbs)


@never_cache
def of_request(request: CityRequest, token: str) -> HttpResponse:
    """For what was released on one's own request."""
    row = by_token(token)
    if row is None:
        raise Http404
    here = (gettext("Your request {number}").format(number=row.number), reverse("public-records-follow", args=[token]))
    return _asked(request, row, None, [here])


@never_cache
def answer(request: CityRequest, token: str) -> HttpResponse:
    """What became of it, for whoever has its address."""
    row = formats.by_token(token)
    if row is None:
        raise Http404
    page = Page(
        gettext("Another format"), gettext("Public records"), _up(), FORMAT[row.state], [(gettext("Received"), row.received)]
    )
    shown = {"page": page, "row": row, "format": translate(FORMATS[row.format]), "is_new": "new" in request.GET}
    return render(request, "records/public_format.html", shown)


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page shows: the button, once something is released, and the answers."""
    asked = list(row.format_requests.filter(publication=None)) if row.productions.filter(state="released").exists() else None
    lines = [(one, translate(FORMATS[one.format]), FORMAT[one.state], formats.token_of(one)) for one in asked or ()]
    return {"template": "records/public_formats.html", "is_offered": asked is not None, "formats": lines, "token": token}


def _asked(request: CityRequest, row: Request, publication: Publication | None, crumbs: list[tuple[str, str]]) -> HttpResponse:
    """The form, or where its answer will be."""
    now = epoch_ms(request.now)
    start = {"file": request.GET.get("file", "")[:200]}
    form = FormatForm(request.POST if request.method == "POST" else None, initial=start)

    def verb() -> FormatRequest:
        if not LIMIT.takes(request.META.get("REMOTE_ADDR", ""), now):
            raise Conflict(gettext("From your network this was done often in the last hour; please come back later."))
        given = NewFormatRequest(**form.cleaned_data, language=translation.get_language() or "en")
        return formats.ask(row, publication, given, now=now)

    if request.method == "POST" and form.is_valid() and (made := run_verb(form, verb)) is not None:
        return redirect(f"{reverse('public-format', args=[formats.token_of(made)])}?new=1")
    page = Page(gettext("Ask for another format"), gettext("Public records"), [*_up(), *crumbs])
    shown = {"page": page, "form": form, "back": crumbs[-1][1]}
    return render(request, "records/public_format_form.html", shown, status=status_of(form))


def _up() -> list[tuple[str, str]]:
    return [(gettext("Public records"), reverse("public-records"))]
