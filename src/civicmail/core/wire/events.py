"""Events of a session for its application. MailFrom, RcptTo, EndOfData, Credentials and Ready wait for `Session.answer`; the others
do not."""

from __future__ import annotations

from dataclasses import dataclass, field

from civicmail.core.wire.data import Lines
from civicmail.core.wire.paths import Path


@dataclass(slots=True)
class MailFrom:
    """MAIL: the reverse path and the parameters as upper-case name to value ("" where none was given)."""

    path: Path
    params: dict[str, str]


@dataclass(slots=True)
class RcptTo:
    """RCPT: the forward path with the DSN parameters (RFC 3461) as the client wrote them, xtext included."""

    path: Path
    notify: str
    orcpt: str


@dataclass(slots=True)
class Credentials:
    """AUTH: the name, and the password or token shown for it. name may be empty if the token contains it."""

    mechanism: str
    name: str
    secret: str = field(repr=False)

    @property
    def is_token(self) -> bool:
        return self.mechanism in ("OAUTHBEARER", "XOAUTH2")


@dataclass(slots=True)
class Ready:
    """DATA, or the first BDAT, on a listener that people sign in to: may content come now? A 2xx lets it."""


@dataclass(slots=True)
class Transaction:
    """MAIL and the accepted RCPTs. forwarded: XFORWARD attributes of the first client, for the trace only; beyond: number of
    recipients beyond the limit of one transaction."""

    sender: Path
    params: dict[str, str]
    recipients: list[RcptTo] = field(default_factory=list)
    forwarded: dict[str, str] = field(default_factory=dict)
    beyond: int = 0


@dataclass(slots=True)
class DataStart:
    """The client may now send content; the transaction is complete."""

    transaction: Transaction


@dataclass(slots=True)
class Content:
    """The next bytes of the message as it will be archived: dots unstuffed, line endings by the listener's rule."""

    data: bytes


@dataclass(slots=True)
class Abandoned:
    """Discard the content so far; the session has replied or will. reply: to the client."""

    reply: str


@dataclass(slots=True)
class EndOfData:
    """The whole content was given. `answer` takes one reply, or with LMTP one for each accepted recipient in order."""

    transaction: Transaction
    size: int
    lines: Lines


@dataclass(slots=True)
class Upgrade:
    """Write the output, then start TLS on the connection and call `Session.secured`."""


@dataclass(slots=True)
class PeerChanged:
    """XCLIENT: `Session.peer` now describes the client that a trusted peer speaks for."""


@dataclass(slots=True)
class Close:
    """Write the output, then close the connection. reason: a fixed word for counters and the log."""

    reason: str


type Event = MailFrom | RcptTo | Credentials | Ready | DataStart | Content | Abandoned | EndOfData | Upgrade | PeerChanged | Close
type Question = MailFrom | RcptTo | EndOfData | Credentials | Ready
