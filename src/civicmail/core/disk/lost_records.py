"""Record numbers that a journal has lost and accounted for, in its file `lost`, so that it can be sealed and continued.

One line for each run of them: first and last number, decimal. A record explains the loss; this file only lets readers skip it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files

Spans = list[tuple[int, int]]
"""Runs of numbers, (first, last), ascending and apart from each other."""


def read(place: Path) -> Spans:
    """Numbers that are accounted for in a journal. A damaged file accounts for nothing, and a repair writes it again."""
    try:
        spans = [tuple(map(int, line.split())) for line in (place / "lost").read_text().splitlines()]
        return joined((first, last) for first, last in spans)
    except (FileNotFoundError, ValueError):
        return []


def write(place: Path, spans: Spans, files: Files = OS_FILES) -> None:
    """Replace the file; durable on return."""
    files.replace(place / "lost", "".join(f"{first} {last}\n" for first, last in spans).encode())


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """The same numbers in as few runs as can be."""
    merged: Spans = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        elif first <= last:
            merged.append((first, last))
    return merged


def without(spans: Spans, taken: Spans) -> Spans:
    """The numbers of spans that are not in taken."""
    remaining: Spans = []
    for first, last in spans:
        for start, end in taken:
            if start <= last and end >= first:
                if first < start:
                    remaining.append((first, start - 1))
                first = end + 1
        if first <= last:
            remaining.append((first, last))
    return remaining


def before(spans: Spans, number: int) -> int:
    """The greatest number up to this one that is not lost."""
    for first, last in reversed(spans):
        if first <= number <= last:
            return first - 1
    return number


def behind(spans: Spans, number: int) -> int:
    """The last of the lost numbers that follow this one directly, or the number itself where none does."""
    for first, last in spans:
        if first <= number + 1 <= last:
            return last
    return number
