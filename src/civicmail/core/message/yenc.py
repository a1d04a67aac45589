"""yEnc files in the text of a message (yEnc 1.3, Juergen Helbing, 2002), as in uuencode.py. Pure, linear."""

from __future__ import annotations

import re

from civicmail.core.message import limits
from civicmail.core.message.uuencode import UuBlock

_MARK = re.compile(rb"^=y(begin|part|end)[ \t]([^\r\n]{0,1000})[^\r\n]*(?:\r?\n|\Z)", re.MULTILINE)
_NAME = re.compile(rb"(?:\A|[ \t])name=(.*?)[ \t]*\Z", re.DOTALL)
_SIZE = re.compile(rb"(?:\A|[ \t])size=([0-9]{1,15})")
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_SHIFTED = bytes((byte - 42) & 255 for byte in range(256))


def blocks(text: bytes) -> list[UuBlock]:
    """The files between their marks. whole: the size equals the last mark's; text about yEnc has none."""
    result: list[UuBlock] = []
    begun: tuple[bytes, int] | None = None
    data = 0
    for mark in _MARK.finditer(text):
        if len(result) >= limits.DERIVED:
            return result
        if mark[1] == b"part":
            data = mark.end()
            continue
        if begun is not None:
            result += _block(text, begun, data, mark)
        name = _NAME.search(mark[2]) if mark[1] == b"begin" else None
        begun, data = (name[1], mark.start()) if name else None, mark.end()
    return result if begun is None else [*result, *_block(text, begun, data, None)]


def _block(text: bytes, begun: tuple[bytes, int], data: int, mark: re.Match[bytes] | None) -> list[UuBlock]:
    """mark: that ends it, of a file or of the text when it is none."""
    name, start = begun
    content = _decoded(text[data : mark.start() if mark else len(text)])
    if not content:
        return []
    size = _SIZE.search(mark[2]) if mark is not None and mark[1] == b"end" else None
    whole = size is not None and int(size[1]) == len(content)
    return [UuBlock(name, content, start, mark.end() if mark is not None and whole else start, whole)]


def _decoded(lines: bytes) -> bytes:
    plain = lines.translate(None, b"\r\n")
    return _ESCAPED.sub(lambda match: bytes(((match[1][0] - 64) & 255,)), plain).translate(_SHIFTED)
