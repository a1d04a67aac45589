"""The conversation that a message of mine belongs to: what is mine of it, the oldest first."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.page import Page
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.views.mail_list_page import Line, line
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, crumbs, open_message
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.fields import thread as first_of


@acting("my.mail")
def thread(request: Request, id: uuid.UUID) -> HttpResponse:
    """Show a conversation."""
    one = open_message(request, id)
    lines = conversation(one, epoch_ms(request.now))
    here = reverse("mail-message", args=[one.id])
    page = Page(gettext("Conversation"), gettext("My mail"), [*crumbs(), (gettext("Message"), here)])
    return render(request, "mailbox/thread.html", {"page": page, "lines": lines, "here": here, "ready": lines is not None})


def conversation(one: OpenedMessage, now: int) -> list[Line] | None:
    """The messages of the conversation that are mine, oldest first; None while mail cannot be searched. A withheld copy is shown
    alone, because its answered messages are part of its content. now: ms."""
    first = "" if one.eye == "shut" else first_of(mail_list.header_of(one.archive.body(one.permit, one.place)))
    try:
        desk = queries.desk(one.permit, one.mine, now=now)
        return [line(row) for row in mail_list.conversation(desk, first)] if first else []
    except (NotIndexed, DamagedIndex):
        return None
