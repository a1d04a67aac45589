"""Make a request of a message: any employee of one in their own mail, an officer of what came to the desk (P-21).

The sender of a message in one's own mail gets the receipt. Of a message that a rule sent to the desk the officer writes what is
asked for: nobody opens it without a mandate.
"""

from __future__ import annotations

from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import OfPerson
from civicmail.desk.mailbox import replies as mail_replies
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.records.actions import intake
from civicmail.desk.records.actions.intake import ContactData, NewRequest, Receipt
from civicmail.desk.records.models import Reply, Request


def make(message: OpenedMessage, *, actor: Actor, now: int) -> Receipt:
    """Make a request of the words of a message; its time is when the message came. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    known = Request.objects.filter(capture=message.id).first()
    if known is not None:
        raise Conflict(f"Request {known.number} was made of this message already.")
    content = message.archive.body(message.permit, message.place)
    source = mail_replies.source_of(content, sent=False, mine=message.mine.addresses)
    to = mail_replies.start_reply(source, "reply").to
    title = mail_replies.subject(source)
    new = NewRequest(
        text=mail_replies.quote_text(source, "forward", title),
        intake="message",
        contact=ContactData(name=to[0].name, email=to[0].address, delivery="mail") if to else ContactData(),
        title=title,
        capture=message.id,
        received=message.capture.received,
    )
    receipt = intake.take(new, actor=actor, now=now)
    for reply in Reply.objects.filter(capture=message.id, request__isnull=True, state="open"):
        _settle(reply, receipt, actor, now)
    return receipt


def make_of_reply(row: Reply, text: str, title: str, *, actor: Actor, now: int) -> Receipt:
    """Make a request of what came to the desk. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    if row.state != "open" or row.request is not None:
        raise Conflict("Not saved: it was answered already. Reload the page.")
    intake_of = "queue" if row.way == "queue" else "mail"
    new = NewRequest(text=text, intake=intake_of, title=title, capture=row.capture, received=epoch_ms(row.received))
    receipt = intake.take(new, actor=actor, now=now)
    _settle(row, receipt, actor, now)
    return receipt


def _settle(reply: Reply, receipt: Receipt, actor: Actor, now: int) -> None:
    """The message is part of the request now, and needs no answer."""
    with locked_row(reply, "state") as row:
        save_values(row, request=receipt.request, state="read", by=acting_person(actor), at=from_ms(now))
