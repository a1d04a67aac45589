"""Build the bytes of a message (RFC 5322, RFC 2045, RFC 2231, RFC 3676). Pure; without Django.

The same input gives the same bytes, so that the message sent equals the message of the forecast. A Bcc is in the envelope only: no
copy, not even the archived one, mentions it (RFC 5322 3.6.3).
"""

from __future__ import annotations

import mimetypes
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from civicmail.core.message.header_format import mailbox
from civicmail.desk.viewer.downloads import file_name

WIDTH = 72
"""Characters of a line, soft break included; RFC 3676 4.2 asks for at most 78."""
MAX_REFERENCES = 40
"""Message-IDs in References: the first, and the last ones (RFC 5322 3.6.4 allows leaving some out)."""
UNDISCLOSED = "undisclosed-recipients:;"

_POLICY = SMTP.clone(utf8=False, cte_type="7bit")
_TYPES = mimetypes.MimeTypes(filenames=())  # what the machine besides thinks of file names makes no other message
_QUOTE = re.compile(r"(?:> ?)+")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ID = re.compile(r"<[^<>\s]{1,900}>")
SIGNATURE = "-- "
MAX_SIGNATURE = 500
"""Characters of one's own lines below the block."""


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """An address, and the display name before it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a letter."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Calendar:
    """An iCalendar object (RFC 5546): the method, "REPLY", and the object as UTF-8."""

    method: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewMessage:
    """uid: makes the Message-ID; at: ms; behalf: the real sender, if it is not the owner of the mailbox (RFC 5322 3.6.2); text:
    quoted lines begin with ">"; in_reply_to, references: Message-IDs with their brackets."""

    uid: uuid.UUID
    at: int
    sender: NamedAddress
    to: tuple[NamedAddress, ...]
    cc: tuple[NamedAddress, ...]
    subject: str
    text: str
    behalf: NamedAddress | None = None
    files: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    calendar: Calendar | None = None


def build(letter: NewMessage) -> bytes:
    """The message, with CR LF."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(letter.sender)
    if letter.behalf is not None:
        message["Sender"] = _address(letter.behalf)
    if letter.to:
        message["To"] = tuple(map(_address, letter.to))
    elif not letter.cc:
        message["To"] = UNDISCLOSED
    if letter.cc:
        message["Cc"] = tuple(map(_address, letter.cc))
    message["Subject"] = " ".join(_UNSEEN.sub(" ", letter.subject).split())
    message["Date"] = format_datetime(datetime.fromtimestamp(letter.at // 1000, UTC))
    message["Message-ID"] = f"<{letter.uid.hex}@{letter.sender.address.rpartition('@')[2]}>"
    if answered := _ID.findall(letter.in_reply_to)[:1]:
        message["In-Reply-To"] = answered[0]
    if named := _references(letter.references, answered):
        message["References"] = " ".join(named)
    message.set_content(flowed(letter.text), cte="quoted-printable", params={"format": "flowed"})
    if letter.calendar is not None:
        _add_calendar(message, letter.calendar, letter.uid)
    for file in letter.files:
        _attach(message, file)
    if letter.files:
        message.set_boundary(f"=_{letter.uid.hex}_files")
    return message.as_bytes()


def _address(named: NamedAddress) -> Address:
    return mailbox(named.address, named.name)


def _references(texts: tuple[str, ...], answered: list[str]) -> list[str]:
    """Message-IDs once each, in order, the answered one last (RFC 5322 3.6.4)."""
    all_ids = [id_ for text in texts for id_ in _ID.findall(text) if id_ not in answered] + answered
    ids = list(dict.fromkeys(all_ids))
    return ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[1 - MAX_REFERENCES :]]


def _add_calendar(message: EmailMessage, calendar: Calendar, uid: uuid.UUID) -> None:
    """Beside the text, as programs expect it (RFC 6047 2.4)."""
    message.add_alternative(
        calendar.content, "text", "calendar", cte="base64", params={"method": calendar.method, "charset": "utf-8"}
    )
    message.set_boundary(f"=_{uid.hex}_text")


def _attach(message: EmailMessage, file: Attachment) -> None:
    name = file_name(file.name) or "file"
    kind = _TYPES.guess_type(name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    if main in ("message", "multipart"):  # these may not be encoded (RFC 2046 5.2.1), and lines of theirs may be of any length
        main, sub = "application", "octet-stream"
    message.add_attachment(file.content, main, sub, cte="base64", filename=name)


def flowed(text: str) -> str:
    """Wrap text so that readers can join it again (RFC 3676 4.2): long lines end in a space, and lines that look like quotes or
    the start of a mailbox are indented by one."""
    lines = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return "\n".join(piece for line in lines for piece in _flowed(line)) + "\n"


def _flowed(line: str) -> Iterator[str]:
    mark = _QUOTE.match(line)
    depth = mark[0].count(">") if mark else 0
    words = line[mark.end() :] if mark else line
    if words != SIGNATURE:
        words = words.rstrip(" \t\N{NO-BREAK SPACE}")
    for piece in _pieces(words, WIDTH - depth - 1):
        if depth:
            yield ">" * depth + (f" {piece}" if piece else "")
        else:
            yield f" {piece}" if piece.startswith((" ", ">", "From ")) else piece


def _pieces(words: str, width: int) -> Iterator[str]:
    """Break after a space; a word that is longer than a line stays whole."""
    at = 0
    while len(words) - at > width:
        cut = words.rfind(" ", at, at + width)
        if cut <= at:
            cut = words.find(" ", at + width)
        if cut < 0 or not words[cut + 1 :]:
            break
        yield words[at : cut + 1]
        at = cut + 1
    yield words[at:]
