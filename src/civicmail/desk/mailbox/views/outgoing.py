"""A message on its way out: a note above the list with Undo, until it has left; and a page with that note (P-06).

Nothing says that a message was sent before it has left, and of copies that are held the note says so.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from civicmail.city.pages import act_pages, wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.acts.outgoing import HASTEN_MAIL, UNDO_MAIL
from civicmail.desk.mailbox.models import Draft, Outgoing, addressbook
from civicmail.desk.mailbox.views.delivery import SentState, sent_state
from civicmail.desk.mailbox.views.forecast_panel import plain_text
from civicmail.desk.mailbox.views.mark_mail import next_url
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message

SHOWN_FOR = timedelta(minutes=1)
"""How long a list shows that a message came back, or is held."""


@dataclass(frozen=True, slots=True)
class Note:
    """to: its recipients in words; seconds: until it is sent; sent: how it stands, once it has left; why: it came back, or could
    not be sent yet."""

    row: Outgoing
    to: str
    seconds: int
    sent: SentState | None
    why: str

    @property
    def here(self) -> str:
        return reverse("mail-outgoing", args=[self.row.uid])

    @property
    def is_open(self) -> bool:
        """Whether its state changes by itself."""
        return self.row.state in send_states.OPEN

    @property
    def is_over(self) -> bool:
        """Whether nobody needs to hear more."""
        return self.row.state == "sent" and not self.is_held

    @property
    def is_held(self) -> bool:
        return self.sent is not None and any(copy.state in ("held", "approval") for copy in self.sent.copies)

    @property
    def draft(self) -> str:
        """The URL of its draft, while there is one."""
        there = self.row.draft is not None and Draft.objects.filter(uid=self.row.draft).exists()
        return reverse("mail-draft", args=[self.row.draft]) if there else ""


@acting("my.write")
def outgoing(request: Request, uid: uuid.UUID) -> HttpResponse:
    """Show the note; once it was sent, the message. A form recalls it, or sends it at once; each checks the row's present state."""
    act = UNDO_MAIL if request.POST.get("do") == "undo" else HASTEN_MAIL
    row = act_pages.permitted_row(act, request, uid)
    here = reverse("mail-outgoing", args=[row.uid])
    if request.method == "POST":
        return act_pages.respond_to_button(request, act, row, next_url(request, here))
    part = request.headers.get("HX-Request-Type") == "partial"
    if row.state == "sent" and not part and _message(request, row) is not None:
        return redirect("mail-message", id=row.capture)
    note = _note(request, row)
    page = Page(gettext("Message to {to}").format(to=note.to), gettext("My mail"), crumbs())
    shown = {"page": page, "note": note, "part": part, "next": here}
    response = render(request, "mailbox/going.html" if part else "mailbox/outgoing.html", shown)
    response["Vary"] = "HX-Request-Type"
    response["Cache-Control"] = "private, no-store"
    return response


def notes(request: Request) -> list[Note]:
    """The person's messages that have not left yet, and what came back or is held since a moment."""
    ended = Q(state__in=["sent", "returned"], since__gt=request.now - SHOWN_FOR)
    rows = Outgoing.objects.filter(Q(state__in=send_states.OPEN) | ended, person__uid=request.actor.uid, key__isnull=True)
    return [note for row in rows.defer("content") if not (note := _note(request, row)).is_over]


def _note(request: Request, row: Outgoing) -> Note:
    seconds = max(0, -(-(row.due - request.now) // timedelta(seconds=1)))
    message = _message(request, row) if row.state == "sent" else None
    why = wording.translate(plain_text(row.why)) if row.why else ""
    return Note(row, _recipients(row), seconds, sent_state(request, message) if message else None, why)


def _recipients(row: Outgoing) -> str:
    """The first recipient, and how many others."""
    first, more = str(row.recipients[0]) if row.recipients else "", len(row.recipients) - 1
    name = addressbook.names_of([first]).get(first.lower(), first)
    return f"{name} {ngettext('and {count} more', 'and {count} more', more).format(count=more)}" if more > 0 else name


def _message(request: Request, row: Outgoing) -> OpenedMessage | None:
    """The message as its sender may see it."""
    try:
        one = open_message(request, uuid.UUID(row.capture)) if row.capture else None
    except (Http404, Unreadable):
        return None
    return one if one is not None and one.eye == "author" else None
