"""The extensions and limits of one listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from civicmail.core.wire.data import Newlines
from civicmail.core.wire.sasl import MECHANISMS


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """hostname: our name in greeting and EHLO. newlines: what a bare CR, LF or NUL in a message means (see `data`).

    max_size: bytes of a message. starttls: offered while the connection is plain; require_tls: MAIL is refused without. dsn,
    smtputf8, chunking: announced or not (DSN parameters are stored whenever a peer sends them). xclient, xforward: this peer may
    speak for another client. auth: people sign in here, under TLS, and mail is accepted only then. max_errors: bad commands before
    421; max_idle: commands that do nothing (NOOP, RSET, VRFY …) between two messages before 421.
    """

    hostname: str
    protocol: Literal["smtp", "lmtp"] = "smtp"
    newlines: Newlines = "reject"
    max_size: int = 50 * 1024 * 1024
    max_recipients: int = 1000
    max_errors: int = 10
    max_idle: int = 100
    starttls: bool = False
    require_tls: bool = False
    dsn: bool = False
    smtputf8: bool = True
    chunking: bool = False
    auth: bool = False
    xclient: bool = False
    xforward: bool = False

    def keywords(self, *, tls: bool) -> list[str]:
        """The lines of the EHLO or LHLO answer behind our name."""
        lines = ["PIPELINING", f"SIZE {self.max_size}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        lines += ["SMTPUTF8"] if self.smtputf8 else []
        lines += ["DSN"] if self.dsn else []
        lines += ["CHUNKING"] if self.chunking else []
        lines += [f"AUTH {' '.join(MECHANISMS)}"] if self.auth and tls else []
        lines += ["STARTTLS"] if self.starttls and not tls else []
        lines += ["XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"] if self.xclient else []
        lines += ["XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"] if self.xforward else []
        return lines
