"""Uuencoded files in the text of a message, from mail before MIME (POSIX uuencode, both forms). Pure, linear."""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.message import limits, transfer_encoding

_BEGIN = re.compile(rb"begin(-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,255}?)[ \t]*\r?\n")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{1,160}={0,2}[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class UuBlock:
    """A file in a text: its original name, its bytes, and the place of the block in the text. whole: it has its end line."""

    name: bytes
    content: bytes
    start: int
    end: int
    whole: bool = True


def blocks(text: bytes) -> list[UuBlock]:
    """The blocks: a begin line and at least one valid line; mail programs need no end line, so a block without one is a file,
    too."""
    result: list[UuBlock] = []
    at = 0
    while len(result) < limits.DERIVED and (begin := _BEGIN.search(text, at)) is not None:
        if begin.start() and text[begin.start() - 1] != 10:
            at = begin.start() + 5
            continue
        content, at, whole = _lines(text, begin.end(), b"====" if begin[1] else b"end", is_base64=bool(begin[1]))
        if content:
            result.append(UuBlock(begin[2], content, begin.start(), at, whole))
    return result


def _lines(text: bytes, at: int, last: bytes, *, is_base64: bool) -> tuple[bytes, int, bool]:
    """Content, where it ended, and whether its last line ended it. A line that is no code ends it, too: no begin line is one."""
    out: list[bytes] = []
    whole = False
    while at < len(text):
        newline = text.find(b"\n", at, at + 200)
        if newline < 0 and len(text) - at > 200:
            break
        following = newline + 1 if newline >= 0 else len(text)
        line = text[at:following].rstrip(b"\r\n")
        if line == last:
            at, whole = following, True
            break
        piece = (line if _BASE64.match(line) else None) if is_base64 else _line(line)
        if piece is None:
            break
        out.append(piece)
        at = following
    content = b"".join(out)
    return transfer_encoding.base64_bytes(content)[0] if is_base64 else content, at, whole


def _line(line: bytes) -> bytes | None:
    if line in (b"", b"`", b" "):
        return b""
    if not 32 <= line[0] <= 96:
        return None
    count = line[0] - 32 & 63
    letters = (count + 2) // 3 * 4
    if not letters - 4 < len(line) - 1 <= letters + 2:
        return None
    return transfer_encoding.uu_line(line.ljust(letters + 1, b" "))
