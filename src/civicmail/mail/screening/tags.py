"""Tag lists such as `v=1; a=rsa-sha256; …` of DKIM, ARC, DMARC, MTA-STS and TLS-RPT (RFC 6376 3.2). Pure.

One invalid tag makes a signature or key invalid (`read`), but is only ignored in a policy (`salvaged`, RFC 9989 4.8): a forger
must not profit from a typo in somebody's policy.
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
    """The tags by name, values stripped; None for an invalid list: a duplicate, a missing name or value."""
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
    """The valid tags by lower-case name, and whether any was invalid: empty, without name or value, or a duplicate, of which the
    first counts. An empty end is valid."""
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
    """The fields after the version of an MTA-STS or TLS-RPT record, in order; None for an invalid one. White space is allowed
    around commas in rua= (RFC 8461 3.1, RFC 8460 3)."""
    first, *pieces = [piece.strip(" \t") for piece in text.split(";")]
    if pieces and not pieces[-1]:
        pieces.pop()
    matches = [_FIELD.fullmatch(piece) or _URIS.fullmatch(piece) for piece in pieces]
    if first != version or not all(matches):
        return None
    return [(one[1], one[2]) if one.lastindex == 2 else ("rua", one[1]) for one in matches if one]


def unquoted(value: str) -> str:
    """Decode dkim-quoted-printable, as in i= and z= (RFC 6376 2.11)."""
    return _HEX.sub(lambda match: chr(int(match[1], 16)), packed(value))


def packed(value: str) -> str:
    """A value without white space, for base64 and lists."""
    return "".join(value.split())


def names(value: str) -> list[str]:
    """A colon-separated list, lower case (h= and others)."""
    return [packed(name).lower() for name in value.split(":")]


def without_b(value: bytes) -> bytes:
    """The value of a signature field with an empty b= (RFC 6376 3.5)."""
    return _B.sub(rb"\1", value, count=1)
