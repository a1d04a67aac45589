"""What DKIM and ARC sign: header fields and body in the two canonical forms of RFC 6376 3.4. Pure.

The body is fed in pieces of any size, so that what lies in a spool file is signed without being read into memory. Line ends are
CRLF for a signature, whatever they are in the bytes that are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from civicmail.core.message import limits

Form = Literal["simple", "relaxed"]

MAX_FIELDS = limits.HEADER_FIELDS
"""Fields that are looked at; one more is given, so that whoever counts them sees that there are more."""
_FIELD = re.compile(rb"(?:\A|(?<=\n))([!-9;-~]++)([ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_BARE = re.compile(rb"(?<!\r)\n")
_BLANKS = re.compile(rb"[ \t]+")
_PIECE = 1 << 18


class Field(NamedTuple):
    """One header field. name: lower case; raw: the whole of it, with CRLF after each line but the last."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands behind the colon, as it stands there."""
        return self.raw[self.raw.index(b":") + 1 :]


def fields(header: bytes) -> list[Field]:
    """The fields of a header block, from the top. Lines that are none are passed over (nothing signs them)."""
    header = header[: limits.HEADER_BYTES]
    if header.count(b"\n") != header.count(b"\r\n"):
        header = _BARE.sub(b"\r\n", header)
    if header.count(b"\n") <= MAX_FIELDS:  # as good as always: half the time of finding one after the other
        return [Field(name.lower(), (name + value).rstrip(b"\r")) for name, value in _FIELD.findall(header)]
    matches = islice(_FIELD.finditer(header), MAX_FIELDS + 1)
    return [Field(match[1].lower(), (match[1] + match[2]).rstrip(b"\r")) for match in matches]


def header_field(field: Field, form: Form) -> bytes:
    """A field in canonical form, without its line end (RFC 6376 3.4.1, 3.4.2)."""
    if form == "simple":
        return field.raw
    value = field.value.replace(b"\r\n", b"")
    return field.name + b":" + _BLANKS.sub(b" ", value).strip(b" ")


def selected(every: Sequence[Field], names: Iterable[bytes]) -> list[Field]:
    """The fields that h= names: each name takes the lowest that is not taken yet (RFC 6376 5.4.2)."""
    left: dict[bytes, list[Field]] = {}
    for field in every:
        left.setdefault(field.name, []).append(field)
    return [rows.pop() for name in names if (rows := left.get(name))]


def header_digest(every: Iterable[Field], signature: bytes, form: Form) -> bytes:
    """SHA-256 of what a signature signs: the fields, then its own field, which is in canonical form and has no value in b=."""
    digest = hashlib.sha256()
    for field in every:
        digest.update(header_field(field, form) + b"\r\n")
    digest.update(signature)
    return digest.digest()


class Body:
    """The body in one canonical form, of which SHA-256 and length are asked for in the end. stops: lengths (l=) whose digests are
    wanted besides that of all of it."""

    def __init__(self, form: Form, stops: Iterable[int] = ()) -> None:
        self._relaxed = form == "relaxed"
        self._digest = hashlib.sha256()
        self._held: list[bytes] = []  # of the line that is not whole yet
        self._empty = 0  # empty lines that count only when something follows
        self._stops = sorted(set(stops))
        self.length = 0
        self.stopped: dict[int, bytes] = {}

    def feed(self, piece: bytes) -> None:
        cut = piece.rfind(b"\n") + 1
        if cut:
            self._lines(b"".join((*self._held, piece[:cut])))
            self._held.clear()
        if cut < len(piece):
            self._held.append(piece[cut:])

    def end(self) -> bytes:
        """SHA-256 of the canonical body. Call it once."""
        if self._held:
            self._lines(b"".join((*self._held, b"\r\n")))
        if not self._relaxed and self.length == 0:
            self._add(b"\r\n")  # an empty body is one line end in the simple form (RFC 6376 3.4.3)
        return self._digest.digest()

    def _lines(self, data: bytes) -> None:
        """Whole lines."""
        if b"\n" in data.replace(b"\r\n", b""):
            data = _BARE.sub(b"\r\n", data)
        if self._relaxed:
            data = data.replace(b"\t", b" ")
            while b"  " in data:  # each round halves what is longest; a pattern takes five times as long
                data = data.replace(b"  ", b" ")
            data = data.replace(b" \r\n", b"\r\n")
        text = len(data.rstrip(b"\r\n"))
        text = max(text, data.rfind(b"\r\r", text) + 1)  # a CR alone is text
        trailing = (len(data) - text) // 2
        if not text:
            self._empty += trailing
            return
        for at in range(0, self._empty, _PIECE):
            self._add(b"\r\n" * min(_PIECE, self._empty - at))
        self._add(data[:text] + b"\r\n")
        self._empty = trailing - 1

    def _add(self, data: bytes) -> None:
        while self._stops and self._stops[0] <= self.length + len(data):
            stop = self._stops.pop(0)
            early = self._digest.copy()
            early.update(data[: stop - self.length])
            self.stopped[stop] = early.digest()
        self._digest.update(data)
        self.length += len(data)


def divided(raw: bytes) -> tuple[bytes, int]:
    """The header block with the end of its last line, and where the body begins."""
    if raw[:2] == b"\r\n":
        return b"", 2
    if raw[:1] == b"\n":
        return b"", 1
    lf, crlf = raw.find(b"\n\n"), raw.find(b"\n\r\n")
    if lf < 0 and crlf < 0:
        return raw[:], len(raw)
    if crlf < 0 or 0 <= lf < crlf:
        return raw[: lf + 1], lf + 2
    return raw[: crlf + 1], crlf + 3


def body_hash(raw: bytes, start: int, form: Form, stops: Iterable[int] = ()) -> tuple[Body, bytes]:
    """The body of a whole message. raw: bytes, or a memory map of them."""
    body = Body(form, stops)
    for at in range(start, len(raw), _PIECE):
        body.feed(raw[at : at + _PIECE])
    return body, body.end()
