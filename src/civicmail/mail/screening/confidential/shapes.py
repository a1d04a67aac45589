"""Types that detectors share: a text in canonical spelling, a hit in it, a detector with its hint patterns."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

CHECK = "confidential"
"""The check's name, for findings, facts and settings."""
PICTURES = "pictures"
"""In what the limited process has for it: how many pictures may show words."""
SCAN = "scan"
"""Below a part, for the words of its pictures."""

Sure = Literal["high", "medium", "low"]
PERCENT: dict[Sure, int] = {"high": 95, "medium": 60, "low": 30}

HITS = 2000
"""Hits of one kind in one text; more give no new information."""


def _endless() -> None:
    """A clock without a limit."""


@dataclass(frozen=True, slots=True)
class Text:
    """One part in one spelling (canonical.py). part: path; shifts: where the spelling took more or fewer characters than the part's
    text: (from this position on, add this much). table: rows of cells, by lines and tabs. tick: raises Spent when the time is over;
    every loop asks it whose length the text decides."""

    part: str
    text: str
    shifts: tuple[tuple[int, int], ...] = ()
    table: bool = False
    tick: Callable[[], None] = field(default=_endless, compare=False, repr=False)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Offset and length in the part's own text."""
        first = start + self._shift(start)
        return first, max(1, end - 1 + self._shift(end - 1) + 1 - first)

    def _shift(self, position: int) -> int:
        at = bisect_right(self.shifts, (position, 1 << 60))
        return self.shifts[at - 1][1] if at else 0


@dataclass(frozen=True, slots=True)
class Hit:
    """kind: as in facts; start, end: in the canonical text; value: normalized, for counting different values and for the last two
    characters of the mask; it stays in the process. shown: whether those two may be shown. people: of a list, how many."""

    kind: str
    start: int
    end: int
    value: str
    sure: Sure
    shown: bool = True
    people: int = 0


@dataclass(frozen=True, slots=True)
class Detector:
    """hints: RE2 patterns on ASCII letters in lower or upper case; find is called only if one is in the text."""

    name: str
    hints: tuple[str, ...]
    find: Callable[[Text], Iterable[Hit]]


_ROUND = 64
"""Matches between two looks at the clock."""
STRETCH = 128 << 10
"""Characters between two looks at the clock: every pattern takes some hundredths of a second for them, whatever they are."""
_BEYOND, _ROOM = 8 << 10, 1 << 10
"""Characters behind a stretch in which its last match may end, and at the end of them, where one may want to go on."""


def each(pattern: re.Pattern[str], text: Text) -> Iterator[re.Match[str]]:
    """All matches while time remains: the clock is checked between stretches, even without a match. A match may begin in one
    stretch and end in the next. Raises Spent."""
    at, size, n = 0, len(text.text), 0
    while at < size:
        if at:
            text.tick()
        stop = at + STRETCH
        limit = size if size <= stop + _BEYOND else stop + _BEYOND
        matches = pattern.finditer(text.text, at, limit)
        at = stop
        for match in matches:
            if limit < size and match.start() >= stop:
                break
            if limit < size and match.end() + _ROOM > limit:  # it may go on behind what was looked at
                whole = pattern.match(text.text, match.start())
                if whole is None:
                    continue
                match = whole
            n += 1
            if n % _ROUND == 0:
                text.tick()
            yield match
            at = max(at, match.end())


def lines(text: Text, most: int) -> Iterator[str]:
    """The lines, at most so many, as long as there is time. Raises Spent."""
    for n, line in enumerate(islice(text.text.split("\n"), most), 1):
        if n % _ROUND == 0:
            text.tick()
        yield line


class Words:
    """Places of a pattern's words: searched around each place, or once in the whole text when there are many places."""

    _FEW = 24

    def __init__(self, pattern: re.Pattern[str], text: Text) -> None:
        self._pattern = pattern
        self._text = text
        self._queries = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def near(self, start: int, end: int, *, before: int, after: int = 0) -> bool:
        """As near()."""
        self._queries += 1
        if self._queries <= self._FEW:
            return near(self._pattern, self._text.text, start, end, before=before, after=after)
        if self._queries == self._FEW + 1:
            for match in each(self._pattern, self._text):
                self._starts.append(match.start())
                self._ends.append(match.end())
        first = bisect_left(self._starts, start - before)
        if first < len(self._ends) and self._ends[first] <= start:
            return True
        first = bisect_left(self._starts, end, lo=first)
        return after > 0 and first < len(self._ends) and self._ends[first] <= end + after


def is_near_any(places: list[int], start: int, end: int, within: int) -> bool:
    """Whether one of these places, in ascending order, is within so many characters of a stretch."""
    at = bisect_left(places, start - within)
    return at < len(places) and places[at] <= end + within


def near(pattern: re.Pattern[str], text: str, start: int, end: int, *, before: int, after: int = 0) -> bool:
    """Whether words are within so many characters before the start or after the end. They may be directly adjacent."""
    return pattern.search(text, max(0, start - before), start) is not None or (
        after > 0 and pattern.search(text, end, min(len(text), end + after)) is not None
    )
