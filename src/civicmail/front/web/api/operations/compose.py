"""Compose mail: send as on the page, under one's own name and signature (P-06, P-14)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import me, require
from civicmail.city.pages.wording import translate
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.actions import send_message, submit_draft
from civicmail.desk.mailbox.models import Draft, Outgoing, senders
from civicmail.desk.mailbox.views import forecast_panel
from civicmail.desk.mailbox.views.forecast_panel import plain_text
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations.mail import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as

LONGEST = 1_000_000


class Letter(Schema):
    """to, cc, bcc: addresses or names of the directory, a comma between them; mailbox: it is sent from, left out for one's own."""

    to: str
    cc: str = ""
    bcc: str = ""
    subject: str
    text: str
    mailbox: str = ""


class Given(RowSchema):
    """due: when it goes; until then it may be taken back. state: waiting, sending, sent, returned or undone; why: it was returned;
    draft: of which it was made; capture: its number in my mail when it was sent."""

    uid: uuid.UUID
    mailbox: str
    recipients: list[str]
    state: Annotated[str, shown_as(send_states.WORDS)]
    due: datetime
    why: str
    draft: uuid.UUID | None
    capture: uuid.UUID | None


class Foretold(RowSchema):
    """One recipient. state: as it would stand afterwards (delivered, waiting, held, refused, kept); do: as rules name it; why:
    sentences, each with its clause and whom to ask."""

    address: str
    state: Annotated[str, shown_as(COPIES)]
    do: str
    outside: bool
    rules: list[str]
    why: list[str]


class Outlook(RowSchema):
    """calm: it may go without another look; stop: why it cannot be sent at all; wait: why nobody can tell now; cautions: what to
    look at although no rule objects; members: mailboxes behind lists besides those that are named."""

    calm: bool
    stop: str
    wait: str
    recipients: list[Foretold]
    cautions: list[str]
    members: int


@operation(router, "POST", "/mail/forecast", act="my.write", scope="write:mail", page="mail-write", response=Outlook)
def forecast_mail(request: Call, body: Letter) -> Outlook:
    """Forecast what would happen to a message for each recipient. Stores and sends nothing."""
    require(request, "my.write", OfPerson(me(request).uid))
    gathered, mailbox = _looked(request, body)
    draft = Draft(
        person=me(request), mailbox=mailbox, to=body.to, cc=body.cc, bcc=body.bcc, subject=body.subject, text=body.text, pk=0
    )
    return foretold(request, draft, gathered)


def foretold(request: Call, draft: Draft, gathered: submit_draft.Recipients) -> Outlook:
    """What would happen to a draft."""
    foreseen = submit_draft.forecast_draft(draft, gathered, actor=request.actor, now=epoch_ms(request.now))
    panel = forecast_panel.panel(foreseen, 0)
    copies = [Foretold.from_row(c, why=forecast_panel.why(c.rules, c.notified_rules)) for c in foreseen.copies]
    return Outlook.from_row(panel, recipients=copies, cautions=list(panel.warns), members=foreseen.members)


@operation(router, "POST", "/mail", act="my.write", scope="write:mail", page="mail-write", response=Given, status=201)
def send_mail(request: Call, body: Letter) -> Given:
    """Send a message from a mailbox of mine. With an `Idempotency-Key` it is sent once."""
    require(request, "my.write", OfPerson(me(request).uid))
    now, actor = epoch_ms(request.now), request.actor
    gathered, mailbox = _looked(request, body)

    def do() -> Given:
        text = senders.full_text(
            body.text, "", senders.identification_block(actor, mailbox, now=now), senders.signature_lines(actor)
        )
        to, cc, bcc = (tuple(gathered.named.get(field, ())) for field in submit_draft.FIELDS)
        written = send_message.MessageText(mailbox=mailbox, to=to, cc=cc, bcc=bcc, subject=body.subject, text=text)
        return given(send_message.send(written, actor=actor, reason="by a program", now=now))

    return once(request, do)


def _looked(request: Call, body: Letter) -> tuple[submit_draft.Recipients, str]:
    """Whom it goes to, and the mailbox that it is from. Raises Unusable, with the field."""
    if len(body.subject) > 500 or len(body.text) > LONGEST or "\0" in f"{body.subject}{body.text}":
        raise Unusable("The message is too long.", {"text": f"At most {LONGEST:,} characters, and 500 of the subject."})
    gathered = submit_draft.require_recipients(Draft(to=body.to, cc=body.cc, bcc=body.bcc))
    own = senders.own_sender(senders.senders(request.actor, now=epoch_ms(request.now)))
    return gathered, body.mailbox.strip().lower() or (own.address if own else "")


def given(row: Outgoing) -> Given:
    """What waits, or what became of it."""
    capture = uuid.UUID(row.capture) if row.capture else None
    why = str(translate(plain_text(row.why))) if row.why else ""
    return Given.from_row(row, why=why, capture=capture)
