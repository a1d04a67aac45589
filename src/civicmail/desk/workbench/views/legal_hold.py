"""Place a legal hold on the result of a search in an examination, including later mail (P-20)."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.city.pages.form_response import respond_to_form
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench.acts.exports import HOLD_WORDS, PLACE_HOLD
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.search_page import count_hits
from civicmail.mail.search.errors import DamagedIndex, NotFinished


@acting("content.hold")
def hold(request: CityRequest, number: str) -> HttpResponse:
    """Ask for the ground and the reason of a hold."""
    row, mandate = examination.looking(request, number)
    form, query = examination.query_form(request, PLACE_HOLD, row)
    if row.ground in HOLD_WORDS:
        form.fields["ground"].help_text = f"This mandate: {HOLD_WORDS[row.ground][0].lower()}{HOLD_WORDS[row.ground][1:]}."
    fits = "how many are there now cannot be counted at this moment"
    if not (request.method == "POST" and form.is_valid()):
        with suppress(NotIndexed, DamagedIndex, NotFinished):
            fits = f"{count_hits(request, mandate, query):,} messages are there now"
    return respond_to_form(
        request,
        form,
        lambda: act_pages.carry_out(PLACE_HOLD, row, form, request.actor, epoch_ms(request.now)),
        page=examination.page(row, "Place a legal hold on these results?"),
        back=reverse("mandate-search", args=[number]),
        to=reverse("mandate", args=[number]),
        message=lambda name: PLACE_HOLD.message(row, name),
        effects=_effects(number, query, fits),
        stays=["Nobody is told, and the mail is delivered and read as before."],
        verb="Place 1 hold",
    )


def _effects(number: str, query: str, fits: str) -> list[str]:
    return [
        f"Nothing of what fits is disposed of while the hold is in force; {fits}.",
        "What comes later and fits is kept too, also when this mandate is over.",
        f"It covers the scope of mandate {number}{f', narrowed to: {query}' if query else ''}.",
    ]
