"""Lines of iCalendar and vCard: a name, a value, escaped and folded (RFC 5545 3.1 and 3.3.11, RFC 6350 3.2 and 3.4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OCTETS = 75
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")


def text(value: str) -> str:
    """A value of type TEXT."""
    value = _UNSAFE.sub(" ", value).strip().replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return value.replace(";", "\\;").replace(",", "\\,")


def parameter(value: str) -> str:
    """A value of a parameter, in quotation marks, which cannot hold one."""
    return '"' + re.sub(r'[\x00-\x1f\x7f"]+', " ", value).strip() + '"'


def written(lines: Iterable[str]) -> bytes:
    """The lines in UTF-8, each at most 75 bytes long."""
    return b"".join(_folded(line.encode("utf-8", "replace")) + b"\r\n" for line in lines)


def _folded(line: bytes) -> bytes:
    out = []
    room = _OCTETS
    while len(line) > room:
        cut = room
        while line[cut] & 0xC0 == 0x80:  # not inside a letter
            cut -= 1
        out.append(line[:cut])
        line, room = line[cut:], _OCTETS - 1
    return b"\r\n ".join([*out, line])
