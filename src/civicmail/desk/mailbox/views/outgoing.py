"""A message on its way out: recall it, and see its delivery. One page from Send to Delivered."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.pages import act_pages, wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.acts.outgoing import HASTEN_MAIL, UNDO_MAIL
from civicmail.desk.mailbox.delivery_outcomes import copy_outcomes, overall_outcome
from civicmail.desk.mailbox.models import Draft, Outgoing
from civicmail.desk.mailbox.views.delivery import CopyRow, copy_rows
from civicmail.desk.mailbox.views.forecast_panel import plain_text
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.mail.archive.envelopes import Passage

WATCHED = timedelta(minutes=2)
"""How long after sending the script polls for the delivery."""
UNDER_WAY = frozenset({"waiting", "trying"})


@dataclass(frozen=True, slots=True)
class Shown:
    """title: by the state of the copies; seconds: until it is sent; watch: whether the page refreshes automatically."""

    title: str
    row: Outgoing
    seconds: int
    copies: tuple[CopyRow, ...]
    watch: bool
    why: str
    here: str

    @property
    def outcome_text(self) -> str:
        """The states of its copies, each word once, for screen readers (WCAG 4.1.3)."""
        return ", ".join(dict.fromkeys(copy.word for copy in self.copies))

    @property
    def draft(self) -> str:
        """The URL of its draft, while there is one."""
        there = self.row.draft is not None and Draft.objects.filter(uid=self.row.draft).exists()
        return reverse("mail-draft", args=[self.row.draft]) if there else ""


@acting("my.write")
def outgoing(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Show the message. A form recalls it, or sends it immediately; each checks the row's present state."""
    act = UNDO_MAIL if request.POST.get("do") == "undo" else HASTEN_MAIL
    row = act_pages.permitted_row(act, request, uid)
    if request.method == "POST":
        return act_pages.respond_to_button(request, act, row, reverse("mail-outgoing", args=[row.uid]))
    shown = _shown(request, row)
    part = request.headers.get("HX-Request-Type") == "partial"
    page = Page(shown.title, gettext("My mail"), [*crumbs(), (gettext("Drafts"), reverse("mail-drafts"))])
    response = render(
        request, "mailbox/going.html" if part else "mailbox/outgoing.html", {"page": page, "out": shown, "part": part}
    )
    response["Vary"] = "HX-Request-Type"
    response["Cache-Control"] = "private, no-store"
    return response


def _shown(request: Request, row: Outgoing) -> Shown:
    now = request.now
    message = _message(request, row) if row.state in ("sent", "returned") and row.capture else None
    passages = message.traced.passages if message else ()
    copies = tuple(copy_rows(request, message)) if message else ()
    under_way = any(p.state in UNDER_WAY for p in passages)
    open_ = row.state in send_states.OPEN
    watch = open_ or (under_way and now - row.since < WATCHED)
    seconds = max(0, -(-(row.due - now) // timedelta(seconds=1)))
    return Shown(
        _title(row, passages), row, seconds, copies, watch, wording.translate(plain_text(row.why)) if row.why else "", request.path
    )


def _message(request: Request, row: Outgoing) -> OpenedMessage | None:
    """The message as its sender may see it."""
    try:
        one = open_message(request, uuid.UUID(row.capture))
    except (Http404, Unreadable):
        return None
    return one if one.eye == "author" else None


def _title(row: Outgoing, passages: Collection[Passage]) -> str:
    """The title: only completed events, because a message with a held copy was not sent to all."""
    titles = {
        "waiting": gettext("Your message is about to be sent"),
        "sending": gettext("Your message is being sent"),
        "returned": gettext("Your message was not sent"),
        "undone": gettext("Your message was taken back"),
    }
    if row.state != "sent":
        return titles[row.state]
    ended = {
        "held": gettext("Your message is held"),
        "not-delivered": gettext("Your message was not delivered"),
        "not-all": gettext("Your message was not delivered to all"),
    }
    held = [p for p in passages if p.state == "held"]
    if held and len(held) < len(passages):
        return gettext("Your message is held for {n} of {count} recipients").format(n=len(held), count=len(passages))
    return ended.get("held" if held else overall_outcome(copy_outcomes(passages)), gettext("Your message was sent"))
