"""Decode Content-Transfer-Encoding (RFC 2045 6), broken forms included. Never raises; reports whether it had to repair."""

from __future__ import annotations

import binascii
import re

_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]")
_NO_LETTERS = re.compile(rb"[^A-Za-z0-9+/]+")
_PADS = re.compile(rb"=[=\s]*")
_UU_BEGIN = re.compile(rb"(?:\A|\n)begin[ \t]+[0-7]{3,4}[ \t]+([^\r\n]*)\r?\n")

IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none", "ascii", "us-ascii"})
UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
KNOWN = IDENTITY | UU | {"base64", "quoted-printable"}


def decode(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The content and whether the encoding was sound. An unknown encoding gives the data as they are, not sound."""
    if encoding in IDENTITY:
        return data, True
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), True
    if encoding == "base64":
        return base64_bytes(data)
    if encoding in UU:
        return uu_bytes(data)
    return data, False


def base64_bytes(data: bytes) -> tuple[bytes, bool]:
    """Base64 with anything foreign skipped, padding completed, and blocks glued behind one another all read."""
    stop = data.find(b"=")
    letters = stop if stop >= 0 else len(data)
    if data.count(b" ", 0, letters) * 50 > letters:  # words: base64 has no spaces, so the label is wrong
        return data, False
    if stop >= 0 and data[stop:].strip(b"= \t\r\n"):
        rest = data[stop:].lstrip(b"= \t\r\n")
        if _FOREIGN.search(rest):  # a footer in plain text that a list or a scanner glued on
            return _block(data[:stop])[0], False
        return b"".join(_block(block)[0] for block in _PADS.split(data)), False
    return _block(data)


def _block(data: bytes) -> tuple[bytes, bool]:
    try:
        return binascii.a2b_base64(data), True
    except binascii.Error:
        pass
    letters = _NO_LETTERS.sub(b"", data)
    # One letter more than a multiple of four has six bits, which is no byte.
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), False


def uu_bytes(data: bytes) -> tuple[bytes, bool]:
    """Content between a begin line and its end line; lines that are damaged are left out."""
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data, False
    out: list[bytes] = []
    sound = True
    for line in data[begin.end() :].split(b"\n"):
        line = line.rstrip(b"\r")
        if line in (b"end", b"`", b""):
            if line == b"end":
                return b"".join(out), sound
            continue
        piece = uu_line(line)
        sound = sound and piece is not None
        out.append(piece or b"")
    return b"".join(out), False


def uu_line(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Encoders that count wrongly: take as many characters as the length byte needs (as uudecode does).
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return None
