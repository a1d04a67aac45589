"""Recording that one person holds two duties that exclude each other: why, what watches over it, until when (P-16; D3)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.access.actions import duties
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import end_of
from civicmail.city.access.models import ConflictRecord
from civicmail.city.access.moments import DAY, ms
from civicmail.city.access.views.asked import Asked, acting, require_could
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.officeforms import RecordConflict
from civicmail.city.access.views.page import Page


@acting("duty.record-conflict")
def new(request: Asked) -> HttpResponse:
    """For small cities, where one person has to do two things that two should."""
    require_could(request, "duty.record-conflict")
    form = RecordConflict(request.POST or None)

    def verb() -> ConflictRecord:
        c = form.cleaned_data
        if c["person"] is None:
            raise Unusable("Say who.", {"person": "Say who."})
        until = min(end_of(c["until"]), ms(request.now) + 365 * DAY)
        return duties.record_conflict(
            c["person"], c["first"], c["second"], control=c["control"], until=until, actor=request.actor, now=ms(request.now)
        )

    page = Page("Who holds two duties that exclude each other?", "Access office", [("Duties", reverse("duty-grants"))])
    return answered(
        request, form, verb, page=page, back=reverse("duty-grants"), template=FORM, submit="Record 1 conflict",
        note="It is shown on the page of duties and in every report until it ends. Without it neither duty is of any use.",
        said=lambda made: f"The conflict of {made.person} is recorded.",
    )  # fmt: skip
