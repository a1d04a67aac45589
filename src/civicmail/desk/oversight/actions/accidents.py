"""Record that a person saw the content of a message by accident (P-17, I2)."""

from __future__ import annotations

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import field_error
from civicmail.city.identity.actions import content_views
from civicmail.mail.archive.errors import InvalidId
from civicmail.mail.archive.places import digits_of


def report(message: str, how: str, next_: str, *, actor: Actor, now: int) -> None:
    """Write the entry. message: the id or empty, because other text could reveal content; how, next_: of city/guard/reveals.py.
    Raises NotPermitted, Unusable."""
    try:
        number = digits_of(message.strip()) if message.strip() else ""
    except InvalidId:
        raise field_error("message", "Write only the id of the message, or leave this empty.") from None
    content_views.accident(actor, number, how, next_, now=now)
