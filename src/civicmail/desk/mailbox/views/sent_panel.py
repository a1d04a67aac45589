"""What changes by itself on the page of a message of one's own: script asks for it again until the last copy has arrived (P-06)."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.desk.mailbox.sent_history import HistoryLine
from civicmail.desk.mailbox.views.delivery import sent_state
from civicmail.desk.mailbox.views.mail_list_page import Line
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.mailbox.views.thread import conversation


def is_poll(request: Request) -> bool:
    """Whether script asks for the part; a message that opens beside its list is the whole page."""
    return request.headers.get("HX-Request-Type") == "partial" and "X-Poll" in request.headers


def replies(one: OpenedMessage, lines: Iterable[Line]) -> list[HistoryLine]:
    """Later messages of others in a conversation."""
    since = from_ms(one.capture.received)
    return [
        HistoryLine(line.at, format_html(gettext("{who} answered."), who=format_html("{}{}", line.who.name, line.who.domain)))
        for line in lines
        if not line.to and line.id != one.id and line.at > since
    ]


def part(request: Request, one: OpenedMessage, state: tuple[str, str] | None) -> HttpResponse:
    """How the message stands now; 204, by which script changes nothing, while that is what the page shows. state: of the whole
    message."""
    sent = sent_state(request, one, replies(one, conversation(one, epoch_ms(request.now)) or ()))
    if sent is None or request.GET.get("shown") == sent.digest:
        return HttpResponse(status=204)
    shown = {"one": one, "sent": sent, "part": True, "state": state, "here": reverse("mail-message", args=[one.id])}
    response = render(request, "mailbox/outcome.html", shown)
    response["Vary"], response["Cache-Control"] = "HX-Request-Type", "private, no-store"
    return response
