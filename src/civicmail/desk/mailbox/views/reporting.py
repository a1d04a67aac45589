"""Which messages of mine can be called spam: what people say of them teaches the city's filter (P-02)."""

from __future__ import annotations

from civicmail.desk.mailbox.views.one import Found
from civicmail.mail.pipeline import labels


def may_be_reported(one: Found) -> bool:
    """What came from outside and was given to me."""
    return one.eye == "given" and labels.is_inbound(one.capture)
