"""Sign outgoing mail as the last step: a DKIM signature of our own domain, or an ARC seal on forwarded mail (RFC 6376, 8617).

The lines go in front of all other added lines, so nothing changes behind a signature. `sent` of the `delivered` record contains
them like all added lines, so the outgoing bytes can be rebuilt bit for bit.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from civicmail.core.message import addresses, encoded_words
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.dkimkeys import Key, Private
from civicmail.mail.courier.rendering import render
from civicmail.mail.screening import canonical, signatures
from civicmail.mail.screening.authentication_results import method_results
from civicmail.mail.screening.canonical import Body, Field, divided
from civicmail.mail.screening.domains import a_labels, is_within

_SHA256 = Prehashed(SHA256())
_MAX_HEADER = 8 << 20
_LINE = 72

TWICE = (b"from", b"subject", b"date", b"to", b"cc", b"reply-to", b"message-id", b"content-type", b"mime-version")
"""Fields signed once more often than they occur, so that nobody can add another (RFC 6376 8.15)."""
ONCE = (
    b"sender", b"in-reply-to", b"references", b"content-transfer-encoding", b"content-disposition", b"resent-from", b"resent-to",
    b"resent-date", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"auto-submitted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pen:
    """A key to sign with."""

    key: Key
    private: Private

    @property
    def algorithm(self) -> str:
        return f"{self.key.algorithm}-sha256"

    def sign(self, digest: bytes) -> str:
        """Base64 of the signature of a SHA-256."""
        if isinstance(self.private, Ed25519PrivateKey):
            made = self.private.sign(digest)
        else:
            made = self.private.sign(digest, PKCS1v15(), _SHA256)
        return base64.b64encode(made).decode()


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """An outgoing message for signing: its fields from the top, base64 of the SHA-256 of its body."""

    fields: list[Field]
    body: str


def read(kept: ArchivedMessage, sent: Mapping[str, Any]) -> OutgoingMessage:
    """Read the outgoing bytes once. Raises DamagedFile if they are not the received ones. Blocks."""
    head, body = b"", None
    for piece in render(kept.pieces(), sent):
        if body is not None:
            body.feed(piece)
            continue
        head += piece
        header, start = divided(head)
        if start < len(head) or head.endswith(b"\r\n\r\n") or len(head) > _MAX_HEADER:
            body = Body("relaxed")
            body.feed(head[start:])
            head = header
    if body is None:
        body = Body("relaxed")
        head = divided(head)[0]
    return OutgoingMessage(canonical.fields(head), base64.b64encode(body.end()).decode())


def author(message: OutgoingMessage) -> str:
    """The domain of the one author; "" where there is not exactly one."""
    froms = [field for field in message.fields if field.name == b"from"]
    people = addresses.parse(encoded_words.text(froms[0].value)) if len(froms) == 1 else ()
    return a_labels(people[0].domain) if len(people) == 1 else ""


def pens_for(pens: Iterable[Pen], domain: str) -> list[Pen]:
    """The keys of the domain, or of the nearest one above it that has some."""
    fit = [pen for pen in pens if domain and is_within(domain, pen.key.domain)]
    nearest = max((len(pen.key.domain) for pen in fit), default=0)
    return [pen for pen in fit if len(pen.key.domain) == nearest]


def signature(message: OutgoingMessage, pen: Pen, now: int) -> list[str]:
    """The lines of a DKIM-Signature. now: seconds since 1970."""
    names = _names(message.fields)
    return _field("DKIM-Signature: v=1;", names, message, pen, now)


def seal(outgoing: OutgoingMessage, pen: Pen, host: str, findings: Iterable[Any], cv: str, now: int) -> list[str]:
    """The lines of an ARC set for a message with its chain: cv is the result of checking it, none or pass. No lines if the chain
    cannot continue (RFC 8617 5.1)."""
    rows, wrong = signatures.instances(outgoing.fields)
    if wrong or (cv == "none") != (not rows) or cv not in ("none", "pass") or len(rows) >= signatures.MAX_SETS:
        return []
    number = len(rows) + 1
    method_rows = method_results(findings) or ["none"]
    results = [f"ARC-Authentication-Results: i={number}; {host}", *(f"\t{one}" for one in method_rows)]
    results = [f"{line};" for line in results[:-1]] + results[-1:]
    message = _field(f"ARC-Message-Signature: i={number};", _names(outgoing.fields, b"dkim-signature"), outgoing, pen, now)
    fed = [row[name] for _, row in sorted(rows.items()) for name in signatures.ORDER]
    fed += [_raw(results), _raw(message)]
    lines = [
        f"ARC-Seal: i={number}; a={pen.algorithm}; t={now}; cv={cv};",
        f"\td={pen.key.domain}; s={pen.key.selector};",
    ]
    return [*_signed(lines, fed, pen), *message, *results]


def _names(every: Sequence[Field], *more: bytes) -> list[bytes]:
    there = [field.name for field in every]
    names: list[bytes] = []
    for name in (*TWICE, *ONCE, *more):
        names += [name] * (there.count(name) + (name in TWICE))
    return names


def _field(start: str, names: Sequence[bytes], message: OutgoingMessage, pen: Pen, now: int) -> list[str]:
    """A field that signs header fields and a body."""
    lines = [
        f"{start} a={pen.algorithm}; c=relaxed/relaxed;",
        f"\td={pen.key.domain}; s={pen.key.selector}; t={now};",
        *_folded("h=" + ":".join(each.decode() for each in names) + ";"),
        f"\tbh={message.body};",
    ]
    return _signed(lines, canonical.selected(message.fields, names), pen)


def _signed(lines: list[str], fed: Iterable[Field], pen: Pen) -> list[str]:
    """The lines, with b= over the given fields and over themselves."""
    own = canonical.header_field(_raw([*lines, "\tb="]), "relaxed")
    made = pen.sign(canonical.header_digest(fed, own, "relaxed"))
    return [*lines, *_wrapped(made)]


def _raw(lines: list[str]) -> Field:
    raw = "\r\n".join(lines).encode()
    return Field(raw[: raw.index(b":")].lower(), raw)


def _folded(text: str) -> list[str]:
    """A list with colons, in lines."""
    lines, line = [], "\t"
    for piece in text.split(":"):
        if len(line) + len(piece) > _LINE:
            lines.append(line)
            line = "\t "
        line += f"{piece}:"
    return [*lines, line.removesuffix(":")]


def _wrapped(text: str) -> list[str]:
    """The value of b=, in lines."""
    pieces = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return [f"\tb={pieces[0]}", *(f"\t {piece}" for piece in pieces[1:])]
