"""The page of a case with its message: one content view as text, after an audit entry ("/incidents/N/NUMBER/")."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, or_404, require
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.incidents.actions import reading
from civicmail.desk.incidents.acts.incidents import ANSWER_INCIDENT
from civicmail.desk.incidents.models import Case
from civicmail.desk.incidents.queries import captures_of
from civicmail.desk.incidents.views import cases
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.defanged_view import addresses, defang
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.message_view import Shown
from civicmail.desk.viewer.queries import store

PEOPLE = (("from_", "From"), ("sender", "Sender"), ("reply_to", "Answers to"), ("to", "To"), ("cc", "Cc"))


@acting("report.read")
def read(request: CityRequest, pk: int, capture: uuid.UUID) -> HttpResponse:
    """Show one message, by POST alone, so that a followed link or a reload shows nothing.
    The message is shown as it was delivered."""
    require(request, "report.read")
    row = get_object_or_404(Case, pk=pk)
    if request.method != "POST":
        return redirect("incident", pk)
    if str(capture) not in [*captures_of(row), row.capture]:
        raise Http404
    permit = reading.read(row, str(capture), actor=request.actor, now=epoch_ms(request.now))
    archive = store().archive()
    place = or_404(archive.place(capture.bytes))
    record = archive.capture(permit, place)
    content = delivered_bytes(archive.body(permit, place), record)
    shown = sandboxed.read(content) or Shown(0, "")
    form_page = cases.case_page(
        request, row, shown=defang(shown), shown_number=str(capture), links=addresses(shown), headers=_headers(content),
        people=[(words, getattr(shown, name)) for name, words in PEOPLE],
    )  # fmt: skip
    form = act_pages.form_of(ANSWER_INCIDENT, row, request.actor, None)
    return render(request, form_page.template, {"page": act_pages.head_of(form_page), "form": form, **form_page.context})


def _headers(content: bytes) -> dict[str, Any]:
    """For viewer/headers.html."""
    try:
        headers, count = sandboxed.headers(content) or ([], 0)
    except Unreadable as error:
        return {"failed": error.why}
    return {"headers": headers, "headers_count": count}
