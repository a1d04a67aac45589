"""Tag lists: `v=1; a=rsa-sha256; …`, as DKIM, ARC and DMARC write them (RFC 6376 3.2). Pure."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_BLANK = " \t\r\n"
_B = re.compile(rb"((?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
MOST = 200


def read(text: str) -> dict[str, str] | None:
    """The tags by name, values without white space around them; None where the list is none: a tag twice, no name, no value."""
    found: dict[str, str] = {}
    pieces = text.split(";", MOST + 1)
    if len(pieces) > MOST:
        return None
    if not pieces[-1].strip(_BLANK):
        pieces.pop()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip(_BLANK)
        if not equals or not _NAME.match(name) or name in found:
            return None
        found[name] = value.strip(_BLANK)
    return found


def packed(value: str) -> str:
    """A value without any white space, as base64 and lists are read."""
    return "".join(value.split())


def names(value: str) -> list[str]:
    """A list with colons, lower case (h= and others)."""
    return [packed(name).lower() for name in value.split(":")]


def without_b(value: bytes) -> bytes:
    """The value of a signature field with nothing in b= (RFC 6376 3.5)."""
    return _B.sub(rb"\1", value, count=1)
