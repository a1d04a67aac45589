"""Uuencoded files in the text of a message, as mail before MIME carried them (POSIX uuencode). Pure, linear."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import limits, transfer

_BEGIN = re.compile(rb"begin[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,255}?)[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class UuBlock:
    """A file in a text: its name as it stands there, its bytes, and where the block lies in the text."""

    name: bytes
    content: bytes
    start: int
    end: int


def blocks(text: bytes) -> list[UuBlock]:
    """The blocks that are whole: a begin line, at least one sound line, an end line."""
    found: list[UuBlock] = []
    at = 0
    while len(found) < limits.DERIVED and (begin := _BEGIN.search(text, at)) is not None:
        if begin.start() and text[begin.start() - 1] != 10:
            at = begin.start() + 5
            continue
        content, at, whole = _lines(text, begin.end())
        if whole and content:
            found.append(UuBlock(begin[1], content, begin.start(), at))
    return found


def _lines(text: bytes, at: int) -> tuple[bytes, int, bool]:
    """Content, where it ended, and whether an end line ended it. A line that is none of uuencode ends it: no begin line is one."""
    out: list[bytes] = []
    while at < len(text):
        newline = text.find(b"\n", at, at + 200)
        if newline < 0 and len(text) - at > 200:
            break
        following = newline + 1 if newline >= 0 else len(text)
        line = text[at:following].rstrip(b"\r\n")
        if line == b"end":
            return b"".join(out), following, True
        piece = _line(line)
        if piece is None:
            break
        out.append(piece)
        at = following
    return b"", at, False


def _line(line: bytes) -> bytes | None:
    if line in (b"", b"`", b" "):
        return b""
    if not 32 <= line[0] <= 96:
        return None
    count = line[0] - 32 & 63
    letters = (count + 2) // 3 * 4
    if not letters - 4 < len(line) - 1 <= letters + 2:
        return None
    return transfer.uu_line(line.ljust(letters + 1, b" "))
