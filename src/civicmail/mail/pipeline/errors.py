"""What the pipeline tells whoever brings a message.

CivicmailError
└── LaterError
    └── ComeAgain    rules want that the client comes again; nothing of the message is kept
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError


class ComeAgain(LaterError):
    """smtp: the reply of the fail matrix."""

    def __init__(self, reply: str) -> None:
        super().__init__("The message could not be checked at this moment, and is asked for again.")
        self.smtp = reply
