"""BinHex 4.0 files, as Macs put them into text (RFC 1741). Pure, linear."""

from __future__ import annotations

import binascii
import re

from civicmail.core.message import limits
from civicmail.core.message.uuencode import UuBlock

MARK = b"(This file must be converted with BinHex"
_BLOCK = re.compile(rb"^\(This file must be converted with BinHex[^\r\n]{0,40}[\r\n]+:([^:]*+)(:?)", re.MULTILINE)
_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_SIXES = bytes.maketrans(_LETTERS, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_FOREIGN = bytes(set(range(256)) - set(_LETTERS))
_AGAIN = 0x90


def blocks(text: bytes) -> list[UuBlock]:
    """The files whose data are present. whole: complete according to its header."""
    result: list[UuBlock] = []
    for match in _BLOCK.finditer(text):
        if len(result) >= limits.DERIVED:
            break
        data = _expanded(_bytes(match[1]))
        start = data[0] + 22 if data else 0  # length, name, version, type, maker, flags, two lengths, check (RFC 1741, appendix A)
        if not start or len(data) <= start:
            continue
        name, size = data[1 : data[0] + 1], int.from_bytes(data[start - 10 : start - 6])
        content = data[start : start + size]
        if content:
            result.append(UuBlock(name, content, match.start(), match.end(), bool(match[2]) and len(content) == size))
    return result


def _bytes(letters: bytes) -> bytes:
    """Six bits a letter, as base64 has them under other names."""
    sixes = letters.translate(_SIXES, _FOREIGN)
    sixes = sixes[: len(sixes) - 1] if len(sixes) % 4 == 1 else sixes
    return binascii.a2b_base64(sixes + b"=" * (-len(sixes) % 4))


def _expanded(data: bytes) -> bytes:
    """Expand runs: a byte before 0x90 and a count is repeated that many times; a count of zero means 0x90 itself."""
    out = bytearray()
    at = 0
    while (mark := data.find(_AGAIN, at)) >= 0 and len(out) < limits.RTF_BYTES:
        out += data[at:mark]
        times = data[mark + 1] if mark + 1 < len(data) else 0
        if not times:
            out.append(_AGAIN)
        elif out:
            out += out[-1:] * (times - 1)
        at = mark + 2
    return bytes(out + data[at:])
