"""Which of one's messages can be reported as spam: reports teach the city's filter (P-02)."""

from __future__ import annotations

from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.mail.pipeline import labels


def may_be_reported(one: OpenedMessage) -> bool:
    """Whether the message came from outside and was delivered to the person."""
    return one.eye == "given" and labels.is_inbound(one.capture)
