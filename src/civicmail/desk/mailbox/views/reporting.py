"""Which messages of mine can be called spam: what people say of them teaches the city's filter (P-02)."""

from __future__ import annotations

from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.mail.pipeline import labels


def may_be_reported(one: OpenedMessage) -> bool:
    """What came from outside and was given to me."""
    return one.eye == "given" and labels.is_inbound(one.capture)
