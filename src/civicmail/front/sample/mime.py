"""Write messages: header fields and parts as bytes with CRLF (RFC 5322, RFC 2045 to 2047, RFC 2231)."""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from random import Random
from typing import Literal
from urllib.parse import quote

from civicmail.front.sample.people import Person

CRLF = b"\r\n"
Encoding = Literal["7bit", "8bit", "quoted-printable", "base64"]


def word(text: str, charset: str = "utf-8") -> str:
    """An unstructured header value: plain where ASCII is enough, else encoded words of at most 75 characters (RFC 2047 2)."""
    if text.isascii():
        return text
    chunks, piece = [], ""
    for letter in text:
        if piece and len(_encoded(piece + letter, charset)) > 75:
            chunks.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join(_encoded(chunk, charset) for chunk in [*chunks, piece])


def _encoded(text: str, charset: str) -> str:
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def mailbox(person: Person) -> str:
    """A name-addr; names with more than letters and blanks in quotes (RFC 5322 3.4)."""
    if person.name.isascii() and not person.name.replace(" ", "").isalnum():
        return f'"{person.name}" <{person.address}>'
    return f"{word(person.name)} <{person.address}>"


@dataclass(slots=True)
class Note:
    """The headers of a message that is being written. date has an offset; message_id is without brackets."""

    author: Person
    to: list[Person]
    subject: str
    date: datetime
    message_id: str
    cc: list[Person] = field(default_factory=list)
    charset: str = "utf-8"
    references: list[str] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> bytes:
        """The header block without the MIME fields, each line with its end."""
        fields = [
            ("From", mailbox(self.author)),
            ("To", ",\r\n\t".join(mailbox(p) for p in self.to)),
            *([("Cc", ",\r\n\t".join(mailbox(p) for p in self.cc))] if self.cc else []),
            ("Subject", word(self.subject, self.charset)),
            ("Date", format_datetime(self.date)),
            ("Message-ID", f"<{self.message_id}>"),
        ]
        if self.references:
            fields.append(("In-Reply-To", f"<{self.references[-1]}>"))
            fields.append(("References", "\r\n ".join(f"<{r}>" for r in self.references)))
        return "".join(f"{name}: {value}\r\n" for name, value in [*fields, *self.more, ("MIME-Version", "1.0")]).encode()


def text(content: str, *, charset: str = "utf-8", encoding: Encoding = "8bit", kind: str = "plain") -> bytes:
    """A text part: its header fields, the empty line, its body. content has LF line ends."""
    raw = content.replace("\n", "\r\n").encode(charset)
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    return head + _encode(raw, encoding) + CRLF


def attached(name: str, content_type: str, content: bytes) -> bytes:
    """An attachment part in base64; names beyond ASCII as RFC 2231 has them."""
    parameter = f'filename="{name}"' if name.isascii() else f"filename*=utf-8''{quote(name)}"
    head = (
        f"Content-Type: {content_type}\r\nContent-Disposition: attachment; {parameter}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(content).replace(b"\n", CRLF)


def forwarded(content: bytes) -> bytes:
    """A whole message as a part (RFC 2046 5.2.1)."""
    return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + content


def many(random: Random, subtype: str, parts: list[bytes]) -> bytes:
    """A multipart of finished parts, with a boundary from the seed."""
    boundary = b"=_%016x" % random.getrandbits(64)
    body = b"".join(b"--" + boundary + CRLF + part + CRLF for part in parts) + b"--" + boundary + b"--\r\n"
    return b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (subtype.encode(), boundary) + body


def _encode(raw: bytes, encoding: Encoding) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(raw).replace(b"\n", CRLF)
    if encoding == "quoted-printable":
        return quopri.encodestring(raw.replace(CRLF, b"\n")).replace(b"\n", CRLF)
    return raw
