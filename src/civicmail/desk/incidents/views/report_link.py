"""Report a message by the link in it, from any mail program, without signing in ("/report/TOKEN/").

GET changes nothing, because programs open links too; the button does. Nothing of the message is on the page.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink, OldLink
from civicmail.city.pages.city_request import CityRequest, me
from civicmail.city.pages.page import Page
from civicmail.core.config.errors import LaterError
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import reporting
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive.records import Capture


@never_cache
def report(request: CityRequest, token: str) -> HttpResponse:
    """Report by a link. A foreign link, an expired one, and one of a deleted message get the same page."""
    now = epoch_ms(request.now)
    title = gettext("Report this message?")
    try:
        token_ = signed_links.read(installation(), "report", token, now)
    except (BadLink, OldLink):
        token_ = None
    capture = queries.record(str(UUID(bytes=token_.capture))) if token_ is not None else None
    if token_ is None or capture is None or token_.index >= len(capture.envelope.recipients):
        return render(request, "incidents/link.html", {"page": Page(title, gettext("Report"))}, status=404)
    if _is_somebody_elses(request, capture, token_.index):
        words = gettext(
            "This link is in somebody else's copy. Report yours in My mail, or send the message as an attachment to report@."
        )
        return render(request, "incidents/link.html", {"page": Page(title, gettext("Report")), "wrong": words}, status=403)
    if request.method == "POST":
        _report(capture, token_.index, now)
        messages.success(request, gettext("Thank you. The security office checks it. Do not answer it, and open nothing in it."))
        return redirect(request.path)
    page = Page(title, gettext("Report"), facts=[(gettext("Received"), from_ms(capture.received))])
    return render(request, "incidents/link.html", {"page": page, "found": capture})


def _is_somebody_elses(request: CityRequest, capture: Capture, index: int) -> bool:
    """Whether the signed-in person is not the owner of the copy: links are forwarded with their mail."""
    user, holder = cast(Any, request).user, _holder(capture, index)
    return user.is_authenticated and holder is not None and me(request) != holder


def _report(capture: Capture, index: int, now: int) -> None:
    """Report in the name of the mailbox owner, or anonymously for a mailbox without one."""
    marks = queries.marks_of(capture.id)
    if marks is None:
        raise LaterError("The message cannot be read at this moment, so it was not reported. Try again in a minute.")
    person = _holder(capture, index)
    if person is None:
        reporting.report_from_outside(capture.uuid, marks, now=now, known=True)
    else:
        reporting.report(capture.uuid, marks, person, "link", actor=reporting.BY_MAIL, now=now)


def _holder(capture: Capture, index: int) -> Person | None:
    recipient = capture.envelope.recipients[index]
    row = Mailbox.objects.filter(address=(recipient.box or recipient.address).lower()).select_related("holder").first()
    return row.holder if row is not None else None
