"""Unwrap plain text: quote levels, and lines that were broken only to fit a window (RFC 3676).

A sender with format=flowed lets the reader join lines that end in a space; with delsp=yes that space is removed. A ">" in front of
a line is a quotation, in any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_QUOTED = re.compile(r"(?:>[ ]?)+")
_FLOWED_QUOTED = re.compile(r">+")
SIGNATURE = "-- "

Line = tuple[int, str]
"""Level of quoting, and the words without it."""


def lines(text: str, parameters: Mapping[str, str]) -> Iterator[Line]:
    """The lines of a text part; of flowed text, each paragraph as one line. parameters: of its content type."""
    pieces = text.split("\n")
    if parameters.get("format", "").strip().lower() == "flowed":
        return _joined(pieces, delsp=parameters.get("delsp", "").strip().lower() == "yes")
    return map(_line, pieces)


def _line(piece: str) -> Line:
    if not piece.startswith(">"):
        return 0, piece
    mark = _QUOTED.match(piece)
    assert mark is not None
    return mark[0].count(">"), piece[mark.end() :]


def _joined(pieces: Iterable[str], *, delsp: bool) -> Iterator[Line]:
    held: list[str] = []
    level = 0
    for piece in pieces:
        mark = _FLOWED_QUOTED.match(piece)
        depth, rest = (mark.end(), piece[mark.end() :]) if mark else (0, piece)
        rest = rest.removeprefix(" ")  # it was stuffed (4.4)
        if held and (depth != level or rest == SIGNATURE):  # a paragraph that was broken off (4.5)
            yield level, "".join(held)
            held = []
        level = depth
        if rest.endswith(" ") and rest != SIGNATURE:
            held.append(rest[:-1] if delsp else rest)
        else:
            yield level, "".join([*held, rest])
            held = []
    if held:
        yield level, "".join(held)
