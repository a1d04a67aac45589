"""My mail: search, read, delivery status; the person's own permit, so no audit entry (P-06, promise 4)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse, HttpResponseBase
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.acts.messages import REPORT_MAIL
from civicmail.desk.mailbox.mail_list import Row, header_of
from civicmail.desk.mailbox.views import delivery, message, words
from civicmail.desk.mailbox.views.list_address import address_of
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, open_message
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.front.web.api import message_content, pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.message_content import Message
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import RowSchema, shown_as
from civicmail.mail.archive.envelopes import Passage
from civicmail.mail.search.fields import thread as first_of

router = Router(tags=["My mail"])
ONE = "/mail/{uuid:id}"


class MailLine(RowSchema):
    """A message of mine. sent: a mailbox of mine sent it; eye: author, given, or shut for a copy that is kept back from me; state:
    empty for as it should be, else held, quarantined, refused, not-delivered, arriving, waiting, trying, sent, delivered or
    imported."""

    id: uuid.UUID
    received: datetime
    sender: str
    to: list[str]
    subject: str
    size: int
    sent: bool
    eye: str
    state: Annotated[str, shown_as(words.STATES)]


class MailCopy(RowSchema):
    """One recipient's copy. reply: what the last server answered, for the sender alone; again: when it is tried next."""

    address: str
    state: Annotated[str, shown_as(COPIES)]
    decision: str
    since: datetime
    tries: int
    reply: str
    again: datetime | None


class Spam(Schema):
    """spam: false for good mail that was marked."""

    spam: bool


@operation(router, "GET", "/mail", act="my.mail", scope="read:mail", page="my-mail", response=list[MailLine])
def list_mail(
    request: Call, response: HttpResponse, q: str = "", direction: str = "", state: str = "", box: str = ""
) -> list[MailLine]:
    """My mail, newest first. `q` is a query as on the page; direction: sent, received or imported; state: waiting, held or refused;
    `since` a day like 2026-03-02."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    view = address_of(request.path, {**request.GET.dict(), "after": pagination.cursor(request) or ""}, mine)
    with understood():
        desk = queries.desk(permit, queries.choose_box(mine, view.values.get("box", "")), now=now, whole=True)
        answer = mail_list.list_page(desk, view.list_query)
    if answer.after:
        pagination.link(request, response, answer.after)
    return [line(row) for row in answer.rows]


def line(row: Row) -> MailLine:
    """A row of a list as a program reads it."""
    hit = row.hit
    return MailLine.from_row(
        hit, id=uuid.UUID(hit.id), sender=hit.from_, size=row.size, sent=row.sent, eye=row.eye, state=row.state
    )


@operation(router, "GET", ONE, act="my.mail", scope="read:mail", page="mail-message", response=Message)
def read_mail(request: Call, id: uuid.UUID) -> Message:
    """Read a message of mine: header, text by page (`page`), files. Of a held copy only the header."""
    message_ = open_message(request, id)
    if message_.eye == "shut":
        return message_content.shut(message_.capture, header_of(message_.archive.body(message_.permit, message_.place)))
    return message_content.message(request, message_.capture, _content(message_))


@operation(router, "GET", f"{ONE}/raw", act="my.mail", scope="read:mail", page="mail-raw")
def read_raw_mail(request: Call, id: uuid.UUID) -> HttpResponseBase:
    """Download the whole message (message/rfc822), as archived for its sender or delivered to a recipient."""
    return message.raw(request, id)


@operation(router, "GET", f"{ONE}/part", act="my.mail", scope="read:mail", page="mail-part")
def read_mail_part(request: Call, id: uuid.UUID, path: str = "") -> HttpResponseBase:
    """Download a file by its path from `read_mail`."""
    return message.part(request, id)


@operation(router, "GET", f"{ONE}/delivery", act="my.mail", scope="read:mail", page="mail-delivery", response=list[MailCopy])
def read_delivery(request: Call, id: uuid.UUID) -> list[MailCopy]:
    """Read the delivery status: senders see every copy, recipients their own."""
    message_ = open_message(request, id)
    return [_copy(p, message_) for p in delivery.shown_copies(message_)]


def _copy(p: Passage, message_: OpenedMessage) -> MailCopy:
    """Of a copy that came to me nothing is said that is the sender's to know."""
    if message_.eye == "author":
        again = from_ms(p.next) if p.next else None
        return MailCopy.from_row(p, decision=p.do, again=again)
    mine = message_.mine.addresses
    elsewhere = bool(p.box) and p.box.lower() not in mine
    address = p.address if p.address.lower() in mine else p.box
    state = "cancelled" if elsewhere else p.state
    return MailCopy(address=address, state=state, decision=p.do, since=from_ms(p.since), tries=0, reply="", again=None)


@operation(router, "GET", f"{ONE}/thread", act="my.mail", scope="read:mail", page="mail-thread", response=list[MailLine])
def read_thread(request: Call, id: uuid.UUID) -> list[MailLine]:
    """Read my messages of a conversation, oldest first."""
    message_ = open_message(request, id)
    if message_.eye == "shut":
        return []
    with understood():
        desk = queries.desk(message_.permit, message_.mine, now=epoch_ms(request.now))
        first = first_of(header_of(message_.archive.body(message_.permit, message_.place)))
        return [line(row) for row in mail_list.conversation(desk, first)] if first else []


act_operation(router, REPORT_MAIL, Spam, lambda spam: Spam(spam=spam))


def _content(message_: OpenedMessage) -> bytes:
    body = message_.archive.body(message_.permit, message_.place)
    return body if message_.eye == "author" else delivered_bytes(body, message_.capture)
