"""Actions on one's own mail: read, starred, hidden, labels, auto-reply, signature (P-06).

None of this changes the mail, so it leaves no audit entry, as on the pages (docs/decisions/0045).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from ninja import Schema

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.queries.autoreplies import current_reply
from civicmail.city.pages.act_pages import permitted_row
from civicmail.city.pages.city_request import me, require
from civicmail.desk.mailbox import queries
from civicmail.desk.mailbox.actions import mark_mail
from civicmail.desk.mailbox.acts.auto_replies import END_AWAY, SET_AWAY
from civicmail.desk.mailbox.acts.labels import MAKE_LABEL, REMOVE_LABEL, RENAME_LABEL
from civicmail.desk.mailbox.acts.signatures import WRITE_SIGNATURE
from civicmail.desk.mailbox.models import Label, addressbook, senders
from civicmail.desk.mailbox.models.senders import OwnSignature
from civicmail.desk.mailbox.scope import OwnMailbox
from civicmail.desk.mailbox.views.mark_mail import Selection, selection_of
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.mail import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import RowSchema

AWAY = "/mailboxes/{str:address}/away"


class KeepingMail(Schema):
    """messages: at most fifty numbers of mine, what is not mine is passed over; act: read, unread, star, unstar, hide, show, label
    or unlabel; label: the id of one of mine, for the last two."""

    messages: list[uuid.UUID]
    act: str
    label: int = 0


class Kept(Schema):
    """Those of them with which it was done."""

    messages: list[uuid.UUID]


class MyLabel(Schema):
    """With "/" between levels."""

    id: int
    name: str


class LabelName(Schema):
    """With "/" between levels."""

    name: str


class Lines(Schema):
    """block: the identification that stands there in any case; lines: of one's own below it."""

    block: str
    lines: str


class Away(RowSchema):
    """on: whether anything is set; outside: what others than people of the city are answered, empty for nothing."""

    mailbox: str
    on: bool
    starts: datetime | None
    until: datetime | None
    text: str
    outside: str


@operation(router, "POST", "/mail/keep", act="my.mail", scope="write:mail", page="mail-keep", response=Kept)
def keep_mail(request: Call, body: KeepingMail) -> Kept:
    """Mark messages of mine as read, star, hide or label them, or undo that."""
    require(request, "my.mail", OfPerson(me(request).uid))
    if body.act not in _ACTS:
        raise Unusable("Choose what is done.", {"act": f"One of {', '.join(_ACTS)}."})
    with understood():
        chosen = selection_of(request, [str(message_) for message_ in body.messages])
    _ACTS[body.act](chosen, body.label)
    queries.forget_unread(request.actor)
    return Kept(messages=[uuid.UUID(bytes=message_) for message_ in chosen.ids])


def _read(read: bool) -> Callable[[Selection, int], None]:
    return lambda c, _: mark_mail.set_read(c.ids, c.offices, read=read, actor=c.request.actor, now=c.now)


def _starred(starred: bool) -> Callable[[Selection, int], None]:
    return lambda c, _: mark_mail.set_starred(c.ids, starred=starred, actor=c.request.actor, now=c.now)


def _hidden(hidden: bool) -> Callable[[Selection, int], None]:
    return lambda c, _: mark_mail.set_hidden(c.ids, hidden=hidden, actor=c.request.actor, now=c.now)


def _labeled(is_set: bool) -> Callable[[Selection, int], None]:
    return lambda c, label: mark_mail.set_labeled(label, c.ids, on=is_set, actor=c.request.actor, now=c.now)


_ACTS: dict[str, Callable[[Selection, int], None]] = {
    "read": _read(True), "unread": _read(False), "star": _starred(True), "unstar": _starred(False), "hide": _hidden(True),
    "show": _hidden(False), "label": _labeled(True), "unlabel": _labeled(False),
}  # fmt: skip


# -- mailboxes, and the address book


class MyBox(Schema):
    """A mailbox that I may use. kind: own, personal (somebody else's), function or service."""

    address: str
    name: str
    kind: str
    addresses: list[str]


class BookLine(RowSchema):
    """kind: person, office or list."""

    address: str
    name: str
    kind: str
    department: str
    more: str


@operation(router, "GET", "/my/mailboxes", act="my.mail", scope="read:mail", page="mail-boxes", response=list[MyBox])
def list_my_mailboxes(request: Call, response: HttpResponse) -> list[MyBox]:
    """List mailboxes that I may use now, my own first."""
    _, mine = queries.own_mail(request.actor, now=epoch_ms(request.now))
    return pagination.slices(request, response, mine.boxes, _box, key=lambda b: b.id)


def _box(b: OwnMailbox) -> MyBox:
    return MyBox(address=b.id, name=b.title, kind=b.kind, addresses=list(b.addresses))


@operation(router, "GET", "/address-book", act="my.write", scope="read:mail", page="mail-people", response=list[BookLine])
def search_address_book(request: Call, response: HttpResponse, q: str = "", kind: str = "") -> list[BookLine]:
    """Search people, offices and lists of the city by name or address. kind: only those."""
    require(request, "my.write", OfPerson(me(request).uid))
    if kind and kind not in ("person", "office", "list"):
        raise Unusable("There is no such kind.", {"kind": "person, office or list"})
    rows = addressbook.search(q[:200], kind=kind)
    return pagination.slices(request, response, rows, BookLine.from_row, key=lambda e: e.address)


# -- labels


@operation(router, "GET", "/mail-labels", act="my.mail", scope="read:mail", page="mail-labels", response=list[MyLabel])
def list_labels(request: Call, response: HttpResponse) -> list[MyLabel]:
    """List my labels."""
    require(request, "my.mail", OfPerson(me(request).uid))
    return pagination.rows(request, response, Label.objects.filter(person=me(request)), _label, by="pk")


def _label(row: Label) -> MyLabel:
    return MyLabel(id=row.pk, name=row.name)


act_operation(router, MAKE_LABEL, MyLabel, _label)
act_operation(router, RENAME_LABEL, MyLabel, _label)
act_operation(router, REMOVE_LABEL, LabelName, lambda name: LabelName(name=name))


# -- what stands under it, and what answers


@operation(router, "GET", "/me/signature", act="my.write", scope="read:mail", page="mail-signature", response=Lines)
def read_signature(request: Call) -> Lines:
    """Read my signature."""
    require(request, "my.write", OfPerson(me(request).uid))
    return _lines(senders.signature_of(request.actor, now=epoch_ms(request.now)))


def _lines(signature: OwnSignature) -> Lines:
    return Lines(block=signature.block, lines=signature.lines)


act_operation(router, WRITE_SIGNATURE, Lines, _lines)


@operation(router, "GET", AWAY, act="reply.set", scope="read:mail", page="mail-away-of", response=Away)
def read_away(request: Call, address: str) -> Away:
    """Read the auto-reply of a mailbox."""
    return _away(permitted_row(SET_AWAY, request, address))


def _away(box: Mailbox) -> Away:
    row = current_reply(box.pk, timezone.now())
    if row is None:
        return Away(mailbox=box.address, on=False, starts=None, until=None, text="", outside="")
    return Away.from_row(row, mailbox=box.address, on=True)


act_operation(router, SET_AWAY, Away, lambda reply: _away(reply.mailbox))
act_operation(router, END_AWAY, Away, _away)
