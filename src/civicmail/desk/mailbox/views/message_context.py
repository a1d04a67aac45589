"""The context of an open message: one's own marks, who of the office opened or answered it, who sent it for whom.

Opening a message marks it as read. All users of a shared mailbox see the same (M5).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.actions.usage import note_retrieved
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.core.query.scopes import sent_from
from civicmail.core.query.tree import And, Range, Token
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.actions import mark_mail, office_handling
from civicmail.desk.mailbox.acts.messages import TAKE_MAIL
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.models import Handled
from civicmail.desk.mailbox.models.shelves import Shelves
from civicmail.desk.mailbox.scope import OwnMailbox
from civicmail.desk.mailbox.views.delivery import shown_copies
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.archive.mailbox_evidence import sent_by
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.fields import thread as first_of
from civicmail.mail.search.search import search

ANSWERS = 3
"""Answers of an office that are named."""


@dataclass(frozen=True, slots=True)
class Office:
    """A mailbox of a function that the message came to. answers: (who, when), the earliest first; mine: I have taken it."""

    box: OwnMailbox
    row: Handled | None
    answers: tuple[tuple[str, datetime], ...] = ()
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """The context of the template. sender: the person who sent it for another mailbox, and which one."""

    starred: bool
    hidden: bool
    has: list[LabelMark]
    others: list[LabelMark]
    offices: list[Office] = field(default_factory=list)
    sender: tuple[str, str] | None = None


def opened(request: Request, one: OpenedMessage) -> Beside:
    """Mark the message as read, count the retrieval, and return the context."""
    now, id_ = epoch_ms(request.now), one.capture.id
    kept = queries.marks_by(one.permit, now=now)
    reached = _reached(one)
    boxes = [box for box in reached if box.is_offices]
    note_retrieved(one.permit.person, [box.id for box in reached], now=now)
    if one.eye == "given" and one.capture.received >= kept.since:
        _remember(request, one, kept, boxes)
    has = kept.labels_on([id_]).get(id_, [])
    others = [mark for mark in kept.labels if mark not in has]
    offices = [_office(one, box) for box in boxes]
    return Beside(id_ in kept.starred, id_ in kept.hidden, has, others, offices, _sender(one))


def _remember(request: Request, one: OpenedMessage, kept: Shelves, boxes: list[OwnMailbox]) -> None:
    now, id_ = epoch_ms(request.now), one.capture.id
    new = [box.row for box in boxes if id_ not in kept.opened(box.row)]
    if id_ not in kept.read or new:
        mark_mail.set_read([id_], {row: [id_] for row in new}, read=True, actor=request.actor, now=now)
        queries.forget_unread(request.actor)
    if new:
        office_handling.note_opened(uuid.UUID(one.id), new, actor=request.actor, now=now)


def offices_of(one: OpenedMessage) -> list[OwnMailbox]:
    """Mailboxes of functions that it came to, as far as they are mine to use."""
    return [box for box in _reached(one) if box.is_offices]


def _reached(one: OpenedMessage) -> list[OwnMailbox]:
    """Mailboxes of mine that it came to."""
    if one.eye != "given":
        return []
    to = {a.lower() for p in shown_copies(one) for a in (p.box, p.address) if a}
    return [box for box in one.mine.boxes if to & set(box.addresses)]


def _office(one: OpenedMessage, box: OwnMailbox) -> Office:
    rows = Handled.objects.select_related("opened_by", "taken_by").filter(mailbox=box.row, capture=one.id)
    row = rows.first()
    mine = row is not None and row.taken_by is not None and row.taken_by.uid == one.permit.person
    return Office(box, row, _answers(one, box), mine)


def _answers(one: OpenedMessage, box: OwnMailbox) -> tuple[tuple[str, datetime], ...]:
    """By evidence: what the mailbox sent of this conversation since, and who was signed in."""
    first = first_of(mail_list.header_of(one.archive.body(one.permit, one.place)))
    if not first:
        return ()
    try:
        reader = store().reader()
    except (NotIndexed, DamagedIndex):
        return ()
    tree = And((sent_from(box.addresses), Token("thread", first), Range("received", one.capture.received)))
    hits = search(reader, tree, limit=ANSWERS, sort="oldest", scored=False).hits
    who = [(_login(one, uuid.UUID(hit.id).bytes), from_ms(hit.received)) for hit in hits]
    names = dict(Person.objects.filter(uid__in=[uid for uid, _ in who]).values_list("uid", "display"))
    return tuple((names.get(uid, ""), at) for uid, at in who)


def _login(one: OpenedMessage, id_: bytes) -> str:
    place = one.archive.place(id_)
    return one.archive.capture(one.permit, place).envelope.login.partition("/")[0] if place else ""


def _sender(one: OpenedMessage) -> tuple[str, str] | None:
    """The person who sent a message of one of the actor's mailboxes, unless the actor sent it personally."""
    box = next((b for b in one.mine.boxes if sent_by(one.capture) in b.addresses), None)
    uid = one.capture.envelope.login.partition("/")[0]
    if one.eye != "author" or box is None or not uid or (box.kind == "own" and uid == one.permit.person):
        return None
    name = Person.objects.filter(uid=uid).values_list("display", flat=True).first()
    return (name or uid, box.title)


@acting("my.mail")
@require_POST
def take(request: Request, id: uuid.UUID, mailbox: int) -> HttpResponse:
    """Take or drop the care of the message; other users of the office see it."""
    row = act_pages.permitted_row(TAKE_MAIL, request, id, mailbox)
    return act_pages.respond_to_button(request, TAKE_MAIL, row, reverse("mail-message", args=[id]))
