"""Writing mail: a message is given to be sent, as on the page, under one's own name and with its block (P-06, P-14)."""

from __future__ import annotations

import uuid
from datetime import datetime

from ninja import Schema

from civicmail.city.access.acts import About
from civicmail.city.access.errors import Unusable
from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import me, require
from civicmail.desk.mailbox.actions import sending, submitting
from civicmail.desk.mailbox.models import Draft, Outgoing, senders
from civicmail.front.web.api.door import Call
from civicmail.front.web.api.operations.mail import router as router
from civicmail.front.web.api.repeating import once
from civicmail.front.web.api.table import operation

LONGEST = 1_000_000


class Letter(Schema):
    """to, cc, bcc: addresses or names of the directory, a comma between them; mailbox: it is sent from, left out for one's own."""

    to: str
    cc: str = ""
    bcc: str = ""
    subject: str
    text: str
    mailbox: str = ""


class Given(Schema):
    """due: when it goes; until then it may be taken back on the page. state: waiting, sent, refused …"""

    uid: uuid.UUID
    mailbox: str
    recipients: list[str]
    state: str
    due: datetime


@operation(router, "POST", "/mail", act="my.write", scope="write:mail", page="mail-write", response=Given, status=201)
def send_mail(request: Call, body: Letter) -> Given:
    """Send a message from a mailbox of mine. With an `Idempotency-Key` it goes once, however often it is asked for."""
    require(request, "my.write", About(person=me(request).uid))
    now, actor = ms(request.now), request.actor
    if len(body.subject) > 500 or len(body.text) > LONGEST or "\0" in f"{body.subject}{body.text}":
        raise Unusable("The message is too long.", {"text": f"At most {LONGEST:,} characters, and 500 of the subject."})
    found = submitting.gathered(Draft(to=body.to, cc=body.cc, bcc=body.bcc))
    if found.wrong:
        raise Unusable(next(iter(found.wrong.values())), found.wrong)
    own = senders.own(senders.senders(actor, now=now))
    mailbox = body.mailbox.strip().lower() or (own.address if own else "")

    def do() -> Given:
        text = senders.signed(body.text, "", senders.block(actor, mailbox, now=now), senders.lines_of(actor))
        to, cc, bcc = (tuple(found.named.get(field, ())) for field in submitting.FIELDS)
        made = sending.send(
            actor=actor, reason="by a program", now=now, mailbox=mailbox, to=to, cc=cc, bcc=bcc, subject=body.subject, text=text
        )
        return _given(made)

    return once(request, do)


def _given(row: Outgoing) -> Given:
    return Given(uid=row.uid, mailbox=row.mailbox, recipients=list(row.recipients), state=row.state, due=row.due)
