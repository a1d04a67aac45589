"""A reader's labels of mail from outside: the city's filter learns from them, and never decides by them alone (P-02)."""

from __future__ import annotations

from civicmail.city.guard.actors import Actor
from civicmail.desk.mailbox.actions.mail_actor import require_reader
from civicmail.desk.viewer.queries import store
from civicmail.mail.pipeline import labels


def teach(capture: bytes, *, spam: bool, actor: Actor, now: int) -> None:
    """Record the answer for the filter. The caller makes sure that the message came to the actor from outside."""
    reader = require_reader(actor, now)
    labels.write_label(store().data, capture, labels.Label(spam, reader.uid, "report"), now)
