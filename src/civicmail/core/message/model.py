"""Data types of messages: parsed message, address, part, defect, envelope.

All are plain frozen values. Text is str, content is bytes; offsets and sizes are bytes of the archived message.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

STRAY, AROUND = "0", "0.1"
"""Paths of text outside of all parts: lines among the headers that are not fields, words around the parts of a multipart."""


def is_stray(path: str) -> bool:
    """Whether a part is stray text, or a file in it; other paths never begin like theirs."""
    return path in (STRAY, AROUND)


@dataclass(frozen=True, slots=True)
class Defect:
    """Something in the bytes that the standards do not allow, or a limit that was reached.

    code: a fixed lower-case word with dashes ("bare-cr", "boundary-unclosed"); where: byte offset, -1 when it has none.
    """

    code: str
    where: int = -1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a header names it (RFC 5322 3.4): decoded display name and addr-spec; the domain is lower case."""

    display: str
    local: str
    domain: str

    @property
    def addr(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local


@dataclass(frozen=True, slots=True)
class Header:
    """One header field, one for each occurrence. value is unfolded and RFC 2047 decoded."""

    name: str
    value: str
    raw: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the MIME tree. path counts from 1 ("1", "1.2"); offset and length are its encoded body in the message.

    content: the decoded bytes; empty for multiparts. filename: as declared and decoded, "" without one. A part inside a part that
    is not a multipart (a uuencoded file, a file of a winmail.dat, a signed entity) has the path below it and the range of that
    part. also: other names that a program may use for it. spelled: its original names with invisible letters (a change of
    direction, no width); the others omit these.
    """

    path: str
    content_type: str
    charset: str
    disposition: str
    filename: str
    content_id: str
    encoding: str
    offset: int
    length: int
    content: bytes
    also: tuple[str, ...] = ()
    spelled: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that the reader can follow: the target, the words shown for it, and the path of the part that has it."""

    url: str
    text: str
    part: str


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message as data (RFC 5322, MIME). Every field has a value; an unreadable one is empty and has a defect.

    text: the plain text parts; html_text: the visible words of the HTML parts; hidden_text: words that HTML hides (display:none,
    zero size). attachments: parts with a file name or an attachment disposition, and everything that is neither multipart nor text
    displayed as body. children: messages inside message/rfc822 parts. part: its own path in the message around it, "" without one.
    elsewhere_text: words that only some programs show, and those of comments.
    """

    size: int
    headers: tuple[Header, ...]
    subject: str
    date: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    list_id: str
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    text: str
    html_text: str
    hidden_text: str
    parts: tuple[Part, ...]
    attachments: tuple[Part, ...]
    links: tuple[Link, ...]
    children: tuple[ParsedMessage, ...]
    defects: tuple[Defect, ...]
    part: str = ""
    elsewhere_text: str = ""


Protocol = Literal["smtp", "esmtp", "lmtp", "import", "local"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT TO: the address from the client, with its DSN parameters (RFC 3461).

    box: the mailbox that it reaches, if that has another address. expanded: the lists through which it was added, if the client did
    not name it.
    """

    address: str
    notify: str = ""
    orcpt: str = ""
    box: str = ""
    expanded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope of a message: evidence from the SMTP session, never derived from headers.

    sender: reverse path without brackets, "" for the null sender. received: milliseconds since 1970, UTC. client: address of the
    peer; helo: its greeting; tls: protocol and cipher, "" for plain text; login: the signed-in person, "" for nobody. params: other
    MAIL parameters (BODY, SMTPUTF8, RET, ENVID …) as upper-case name to value.
    """

    sender: str
    recipients: tuple[Recipient, ...]
    received: int
    client: str = ""
    helo: str = ""
    protocol: Protocol = "esmtp"
    tls: str = ""
    login: str = ""
    params: dict[str, str] = field(default_factory=dict)


class Attached(NamedTuple):
    """An attachment for the search: declared name ("" without one), media type, size of its decoded bytes, the bytes."""

    filename: str
    content_type: str
    size: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Fields:
    """The values of a message for the search: the same parse as ParsedMessage, without unneeded values.

    text: the plain text, the visible and hidden words of HTML, and the same of attached messages with their subjects.
    attached_text: of text attachments, also those of attached messages. attachments: also those of attached messages. received: the
    date of the topmost Received field. defects: codes, each once, in order. unreadable: text parts with unreadable characters,
    encrypted parts, pieces of split messages, and limits beyond which nothing was opened (defect_codes.CLOSED). blind, for_whom:
    bytes of fields that reveal one recipient to another (blind_fields.py).
    """

    subject: str
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    date: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    list_id: str
    text: str
    attachments: tuple[Attached, ...]
    received: datetime | None
    defects: tuple[str, ...]
    unreadable: int
    attached_text: str = ""
    blind: int = 0
    for_whom: int = 0
