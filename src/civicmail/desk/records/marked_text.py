"""The words of a Document for a page: hits, suggestions and redactions are marked, and quoted lines are folded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from civicmail.core.query.fold import tokens
from civicmail.core.query.tree import And, Near, Or, Tree, Words
from civicmail.core.redaction.shapes import Document

Kind = Literal["", "hit", "suggested", "box", "open"]
FOLDED = 3
"""Quoted lines in a row that are folded."""
_RANK: dict[str, int] = {"hit": 1, "suggested": 2, "box": 3, "open": 3}


@dataclass(frozen=True, slots=True)
class Mark:
    """Words first to last. number: of the suggestion or redaction; label: the text in its place, for a box."""

    first: int
    last: int
    kind: Kind
    number: int = 0
    label: str = ""


@dataclass(slots=True)
class Run:
    """Words of one kind. first, last: their numbers; gap: white space behind them; words: (number from 1, text, the
    white space behind) of each."""

    text: str
    mark: Mark | None
    first: int
    last: int
    gap: str = ""

    words: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.mark.kind if self.mark else ""


@dataclass(slots=True)
class Block:
    """A paragraph, or quoted lines. lines: of runs."""

    is_quoted: bool
    lines: list[list[Run]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Term:
    """What was searched for, and where it is. text: as it was typed, more or less."""

    text: str
    places: tuple[tuple[int, int], ...]


def blocks(document: Document, marks: Iterable[Mark], start: int = 0, *, fold: bool = True) -> list[Block]:
    """The document in paragraphs. start: the first word to show; fold: whether quoted lines are blocks of their own.

    Where marks overlap, redactions come before suggestions, and these before hits.
    """
    marked = _marked(len(document.words), marks)
    made: list[Block] = []
    lines = _lines(document, marked, start)
    quoted = _quoted(lines) if fold else [False] * len(lines)
    is_new = True
    for (line, gap), is_quoted in zip(lines, quoted, strict=True):
        if is_new or not made or made[-1].is_quoted is not is_quoted:
            made.append(Block(is_quoted))
        made[-1].lines.append(line)
        is_new = gap == "\n\n" and not is_quoted
    return made


def head(document: Document) -> tuple[list[tuple[str, list[Run]]], int]:
    """The header lines of a message as (name, runs), and the number of the first word behind them."""
    made: list[tuple[str, list[Run]]] = []
    for line, gap in _lines(document, {}, 0):
        name, _, rest = line[0].text.partition(":")
        if not _ or " " in name:
            return [], 0
        made.append((name, [Run(rest.strip(), None, line[0].first, line[0].last)]))
        if gap == "\n\n":
            return made, line[-1].last + 1
    return made, len(document.words)


def terms(document: Document, tree: Tree) -> list[Term]:
    """The words of a query that the document has, in the order of the query."""
    flat: list[tuple[str, int]] = [(token, n) for n, word in enumerate(document.words) for token in tokens(word.text)]
    sought = dict.fromkeys((words.tokens, words.prefix) for words in _words(tree))
    found = ((" ".join(words), _places(flat, words, prefix)) for words, prefix in sought)
    return [Term(text, tuple(places)) for text, places in found if places]


def phrases(document: Document, phrase: str) -> list[tuple[int, int]]:
    """Where a phrase is, as it is compared in a search: (first, last) of its words."""
    flat = [(token, n) for n, word in enumerate(document.words) for token in tokens(word.text)]
    sought = tokens(phrase)
    return _places(flat, sought, False) if sought else []


def _places(flat: Sequence[tuple[str, int]], sought: tuple[str, ...], prefix: bool) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    size, n = len(sought), 0
    while n + size <= len(flat):
        here = [token for token, _ in flat[n : n + size]]
        fits = here[:-1] == list(sought[:-1]) and (here[-1].startswith(sought[-1]) if prefix else here[-1] == sought[-1])
        if fits:
            places.append((flat[n][1], flat[n + size - 1][1]))
        n += size if fits else 1
    return places


def _words(tree: Tree) -> Iterable[Words]:
    match tree:
        case Words():
            yield tree
        case Near(left, right):
            yield from (left, right)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _words(part)


def _marked(count: int, marks: Iterable[Mark]) -> dict[int, Mark]:
    chosen: dict[int, Mark] = {}
    for mark in sorted(marks, key=lambda mark: _RANK.get(mark.kind, 0)):
        for n in range(max(0, mark.first), min(count, mark.last + 1)):
            chosen[n] = mark
    return chosen


def _lines(document: Document, marked: dict[int, Mark], start: int) -> list[tuple[list[Run], str]]:
    """(runs, the white space behind) of each line that is not empty."""
    lines: list[tuple[list[Run], str]] = []
    line: list[Run] = []
    for n in range(start, len(document.words)):
        mark, gap = marked.get(n), document.gaps[n]
        if line and line[-1].mark is mark:
            line[-1].text += line[-1].gap + document.words[n].text
            line[-1].last, line[-1].gap = n, gap
        else:
            line.append(Run(document.words[n].text, mark, n, n, gap))
        line[-1].words.append((n + 1, document.words[n].text, "" if "\n" in gap else gap))
        if "\n" in gap or n == len(document.words) - 1:
            line[-1].gap = ""
            lines.append((line, gap))
            line = []
    return lines


def _quoted(lines: Sequence[tuple[list[Run], str]]) -> list[bool]:
    """Whether each line belongs to quoted lines that are folded."""
    starts = [line[0].text.startswith(">") for line, _ in lines]
    result = [False] * len(lines)
    n = 0
    while n < len(lines):
        end = n
        while end < len(lines) and starts[end]:
            end += 1
        if end - n >= FOLDED:
            result[n:end] = [True] * (end - n)
        n = max(end, n + 1)
    return result
