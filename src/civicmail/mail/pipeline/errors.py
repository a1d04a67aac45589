"""Errors of accepting a message.

CivicmailError
└── LaterError
    └── TempFail     the client must try again later; nothing of the message is archived
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError


class TempFail(LaterError):
    """smtp: the reply of the fail matrix."""

    def __init__(self, reply: str) -> None:
        super().__init__("The message could not be checked at this moment, and is asked for again.")
        self.smtp = reply
