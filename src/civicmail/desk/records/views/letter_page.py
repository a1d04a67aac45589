"""One letter: what it says, what is still missing, where it goes, and what may be done with it (P-21)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.queries import four_eyes
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.actions import letters
from civicmail.desk.records.acts import letters as acts
from civicmail.desk.records.models import Letter
from civicmail.desk.records.queries.law import pack_or_none
from civicmail.desk.records.states import LETTER
from civicmail.desk.records.views import request_page


@acting("records.see")
def letter(request: CityRequest, number: str, letter: int) -> HttpResponse:
    """Show a letter, which prints as it is sent by post."""
    of = request_page.seen(request, number)
    row = get_object_or_404(Letter.objects.select_related("request__custodian", "by", "approved_by"), request=of, pk=letter)
    missing = problems(row) if row.state != "sent" else []
    approval = "" if row.state == "sent" else _approval(row)
    page = head(row)
    shown: dict[str, Any] = {
        "page": Page(page.h1, page.section, page.crumbs, page.state, page.facts, _actions(request, row, missing, approval)),
        "row": row,
        "sections": request_page.sections(of, "records-letters", request.actor, epoch_ms(request.now)),
        "problems": missing,
        "approval": approval,
        "ways": ways(row),
        "contact": getattr(of, "contact", None) if may(request, "records.work") else None,
    }
    return render(request, "records/letter.html", shown)


def head(row: Letter, heading: str = "") -> Page:
    """The head of the pages of one letter. heading: of a page below it."""
    title = row.subject or f"Letter {row.pk}"
    above = [("Letters", reverse("records-letters", args=[row.request.number]))]
    if heading:
        above.append((title, acts.page_of(row)))
    page = request_page.page(row.request, heading or title)
    facts: list[tuple[str, Any]] = [("Written", row.at)]
    facts += [("By", row.by.display)] if row.by else []
    facts += [("Approved by", row.approved_by.display)] if row.approved_by else []
    facts += [("Sent", row.sent)] if row.sent else []
    return Page(page.h1, page.section, [*page.crumbs, *above], LETTER[row.state], facts)


def problems(row: Letter) -> list[str]:
    """Why a letter may not be sent now, a sentence each."""
    try:
        return letters.case(row).problems(row)
    except Conflict as error:
        return [str(error)]


def ways(row: Letter) -> list[str]:
    """Where a letter goes when it is sent, and what else that does, a sentence each."""
    contact = getattr(row.request, "contact", None)
    mail = "It goes by mail to the address that the requester gave." if contact is not None and contact.email else ""
    post = "Print it: the requester gave a postal address and no other." if not mail and contact and contact.postal else ""
    pack = pack_or_none(row.request)
    pause = pack.letter(row.kind).pauses if pack is not None else ""
    stops = f"The clock stops: {pack.pause_reason(pause).title}." if pack is not None and pause else ""
    return list(filter(None, ["The requester reads it on the status page.", mail, post, stops]))


def _approval(row: Letter) -> str:
    try:
        return letters.approval_of(row)
    except Conflict:
        return ""


def _actions(request: CityRequest, row: Letter, missing: list[str], approval: str) -> list[Action]:
    """Links to what may be done with it now, the main one first."""
    if row.request.suit is not None:
        return []
    at = [row.request.number, row.pk]
    if row.state == "asked":
        decides = four_eyes.may(request.actor, "records.approve", letters.about(row), now=epoch_ms(request.now))
        return [Action("Decide", reverse(acts.DECIDE.page.name, args=at), primary=True)] if decides else []
    if row.state != "draft" or not may(request, "records.work"):
        return []
    last = acts.SUBMIT if approval else acts.SEND
    links = [Action("Edit the text", reverse(acts.CHANGE.page.name, args=at), primary=bool(missing))]
    links += [] if missing else [Action(last.submit, reverse(last.page.name, args=at), primary=True)]
    return [*links, *(Action(act.submit, reverse(act.page.name, args=at)) for act in (acts.FILL, acts.DISCARD))]
