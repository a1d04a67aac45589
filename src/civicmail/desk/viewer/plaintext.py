"""Turn plain text into blocks: paragraphs, levels of quoting, columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from civicmail.core.message import flowed
from civicmail.core.message.flowed import Line
from civicmail.desk.viewer.message_view import Block
from civicmail.desk.viewer.runs import link_runs

_COLUMNS = re.compile(r"^(?: {4}|\t)\S|\S(?: {3}|\t)|^[|+][-|+ ]|^@@ ", re.MULTILINE)
_OLDER = re.compile(
    r"\s*-{2,}\s*(?:original message|mensaje original|message d'origine|urspr\xfcngliche nachricht)\s*-{2,}\s*\Z",
    re.IGNORECASE,
)
"""Outlook's separator above an answered message, which it does not quote."""
_RULE = re.compile(r"\s*([-=_*~])\1{4,}\s*\Z")
_PARAGRAPH = 20_000
"""Characters of a paragraph; a longer one is shown in pieces."""


def blocks(text: str, parameters: Mapping[str, str] | None = None) -> Iterator[Block]:
    """parameters: of the content type, for format=flowed."""
    held: list[str] = []
    level = size = below = 0
    for depth, words in _older(flowed.lines(text, parameters or {})):
        below = depth
        if held and (below != level or not words.strip() or size > _PARAGRAPH):
            yield from _block(held, level)
            held, size = [], 0
        level = below
        if words.strip():
            for piece in _cut(words):
                if size + len(piece) > _PARAGRAPH and held:
                    yield from _block(held, level)
                    held, size = [], 0
                held.append(piece)
                size += len(piece) + 1
    if held:
        yield from _block(held, level)


def _older(lines: Iterable[Line]) -> Iterator[Line]:
    """Text below such a line is quoted, if the writer has written something above it."""
    written = False
    older = 0
    for depth, words in lines:
        if not older and written and depth == 0 and len(words) < 100 and _OLDER.match(words):
            older = 1
        written = written or (depth == 0 and bool(words.strip()))
        yield depth + older, words


def _block(held: list[str], level: int) -> Iterator[Block]:
    text = "\n".join(held)
    if len(held) == 1 and _RULE.match(text):
        yield Block((), "rule", level)
        return
    yield Block(link_runs(text), "pre" if len(held) > 1 and len(_COLUMNS.findall(text)) > 1 else "text", level)


def _cut(words: str) -> Iterator[str]:
    if len(words) <= _PARAGRAPH:
        yield words
        return
    for at in range(0, len(words), _PARAGRAPH):
        yield words[at : at + _PARAGRAPH]
