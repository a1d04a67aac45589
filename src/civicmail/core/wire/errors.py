"""Protocol errors of a peer.

CivicmailError
└── WireError             a peer broke the protocol
    ├── PathError         an invalid address in MAIL or RCPT
    ├── CommandError      a command with invalid arguments
    └── ReplyError       a server sent an invalid reply

The smtp attribute of each raised error is the reply for the peer; it never quotes text from the peer.
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError


class WireError(CivicmailError):
    """The peer broke the protocol; smtp is the reply for it."""

    exit_code = 1
    smtp = "500 5.5.2 Syntax error"
    http = 400

    def __init__(self, message: str, smtp: str = "") -> None:
        super().__init__(message)
        if smtp:
            self.smtp = smtp


class PathError(WireError):
    """Not an address of RFC 5321 4.1.2, or a form that is refused on purpose (source routes)."""

    smtp = "501 5.1.3 Bad address syntax"


class CommandError(WireError):
    """A known command with invalid arguments."""

    smtp = "501 5.5.4 Syntax error in parameters"


class ReplyError(WireError):
    """The server's bytes are not a reply of RFC 5321 4.2, or the reply does not end."""
