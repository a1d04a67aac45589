"""Errors of My mail.

CivicmailError
└── LaterError
    └── AccessUnknown    it is unknown at this moment whether this person may send; the message waits
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError
from civicmail.core.config.sentence import sentence


class AccessUnknown(LaterError):
    """smtp: the reply that a client would get at a listener."""

    def __init__(self, reply: str) -> None:
        super().__init__(sentence("Who may use mail is not known for certain at this moment, so the message waits."))
        self.smtp = reply
