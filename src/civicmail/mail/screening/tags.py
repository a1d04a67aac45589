"""Tag lists: `v=1; a=rsa-sha256; …`, as DKIM, ARC, DMARC, MTA-STS and TLS-RPT write them (RFC 6376 3.2). Pure.

A signature or a key with one bad piece is bad as a whole (`read`); a policy with one bad piece is a policy without that piece
(`salvaged`, RFC 9989 4.8): who forges mail must not profit from somebody else's slip of the pen.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([^=;\s]+)")
_URIS = re.compile(r"rua=([^;]+)")
_HEX = re.compile(r"=([0-9A-Fa-f]{2})")
_BLANK = " \t\r\n"
_B = re.compile(rb"((?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
MAX_TAGS = 200


def read(text: str) -> dict[str, str] | None:
    """The tags by name, values without white space around them; None where the list is none: a tag twice, no name, no value."""
    values: dict[str, str] = {}
    pieces = text.split(";", MAX_TAGS + 1)
    if len(pieces) > MAX_TAGS:
        return None
    if not pieces[-1].strip(_BLANK):
        pieces.pop()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip(_BLANK)
        if not equals or not _NAME.match(name) or name in values:
            return None
        values[name] = value.strip(_BLANK)
    return values


def salvaged(text: str) -> tuple[dict[str, str], bool]:
    """The tags that can be read, by name in lower case, and whether anything was wrong: a piece that is empty, has no name or no
    value, or a name that was there before, of which the first counts. An empty end is nothing."""
    values: dict[str, str] = {}
    pieces = [piece.strip(_BLANK) for piece in text.split(";")]
    if not pieces[-1]:
        pieces.pop()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name, value = name.strip(_BLANK).lower(), value.strip(_BLANK)
        if equals and _NAME.match(name):
            values.setdefault(name, value)
    return values, len(values) < len(pieces) or "" in values.values()


def fields(text: str, version: str) -> list[tuple[str, str]] | None:
    """The fields behind the version of an MTA-STS or TLS-RPT record, in order; None where it is none. In a rua= there may be white
    space around commas (RFC 8461 3.1, RFC 8460 3)."""
    first, *pieces = [piece.strip(" \t") for piece in text.split(";")]
    if pieces and not pieces[-1]:
        pieces.pop()
    matches = [_FIELD.fullmatch(piece) or _URIS.fullmatch(piece) for piece in pieces]
    if first != version or not all(matches):
        return None
    return [(one[1], one[2]) if one.lastindex == 2 else ("rua", one[1]) for one in matches if one]


def unquoted(value: str) -> str:
    """A value in dkim-quoted-printable, as i= and z= are (RFC 6376 2.11)."""
    return _HEX.sub(lambda match: chr(int(match[1], 16)), packed(value))


def packed(value: str) -> str:
    """A value without any white space, as base64 and lists are read."""
    return "".join(value.split())


def names(value: str) -> list[str]:
    """A list with colons, lower case (h= and others)."""
    return [packed(name).lower() for name in value.split(":")]


def without_b(value: bytes) -> bytes:
    """The value of a signature field with nothing in b= (RFC 6376 3.5)."""
    return _B.sub(rb"\1", value, count=1)
