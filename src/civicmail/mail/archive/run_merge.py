"""Merge runs of one month column by column, in blocks: a month of ten million captures needs little memory.

The columns of a run file follow each other, so the start of each depends on the number of rows. That number is known unless two
runs contain the same row; then everything is written again with the counted numbers.
"""

from __future__ import annotations

import heapq
import zlib
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, File, Files, mapped
from civicmail.mail.archive import runs
from civicmail.mail.archive.runs import Run

BLOCK = 1 << 14  # rows
_ROW_KINDS = "QQIII"  # high, low, segment, frame, offset
_HASH_KINDS = "QI"  # SHA-256 prefix, row


def merge(path: Path, sources: list[Run], replaces: Iterable[str], files: Files = OS_FILES) -> None:
    """Write the run `path` with the rows of all sources; durable on return. replaces: names of the runs that it replaces."""
    numbers: dict[tuple[str, str], int] = {}
    for run in sources:
        for segment in run.segments:
            numbers.setdefault(segment, len(numbers))
    meta = runs.meta_of(list(numbers), replaces)
    temporary = path.with_name(f".{path.stem}.new")
    files.unlink(temporary)
    file = files.open(temporary, create=True)
    try:
        counts = (sum(run.rows for run in sources), sum(run.captures for run in sources))
        while (filled := _fill(file, runs.HEADER_SIZE + len(meta), sources, numbers, counts)) != counts:
            counts = filled
        end = runs.HEADER_SIZE + len(meta) + runs.ROW_BYTES * counts[0] + runs.CAPTURE_BYTES * counts[1]
        file.write_at(0, [runs.header_of(meta, *counts, 0), meta])
        file.truncate(end)
        file.write_at(0, [runs.header_of(meta, *counts, _crc(temporary, runs.HEADER_SIZE + len(meta)))])
        file.sync()
    finally:
        file.close()
    files.rename(temporary, path)
    files.sync_folder(path.parent)


def _fill(
    file: File, start: int, sources: list[Run], numbers: dict[tuple[str, str], int], counts: tuple[int, int]
) -> tuple[int, int]:
    """Write the columns as for `counts` rows and captures; return how many there really are."""
    rows, captures = counts
    moved = [array("I", bytes(4 * run.rows)) for run in sources]  # the new place of each row of each run
    wide, narrow = start + 16 * rows + 8 * captures, 4 * rows
    places = [start, start + 8 * rows, wide, wide + narrow, wide + 2 * narrow]
    written = _write(file, _rows(sources, numbers, moved), _ROW_KINDS, places)
    hashes = [start + 16 * rows, wide + 3 * narrow]
    return written, _write(file, _hashes(sources, moved), _HASH_KINDS, hashes)


def _write(file: File, entries: Iterator[tuple[int, ...]], kinds: str, places: list[int]) -> int:
    """Write entries into columns, one for each item; return how many there were."""
    count = 0
    while block := list(islice(entries, BLOCK)):
        for kind, place, column in zip(kinds, places, zip(*block, strict=True), strict=True):
            packed = array(kind, column)
            file.write_at(place + count * packed.itemsize, [memoryview(packed).cast("B")])
        count += len(block)
    return count


def _rows(sources: list[Run], numbers: dict[tuple[str, str], int], moved: list[array[int]]) -> Iterator[tuple[int, ...]]:
    """Every row once, in order; fills `moved`."""
    at = -1
    merged = heapq.merge(*(_rows_of(n, run, numbers) for n, run in enumerate(sources)))
    for _, group in groupby(merged, key=itemgetter(0, 1)):  # a run has its own order of segments where ids are equal
        before: tuple[int, ...] = ()
        for *row, source, old in sorted(group):
            if tuple(row) != before:
                before, at = tuple(row), at + 1
                yield before
            moved[source][old] = at


def _rows_of(source: int, run: Run, numbers: dict[tuple[str, str], int]) -> Iterator[tuple[int, ...]]:
    mine = [numbers[segment] for segment in run.segments]
    for old, (high, low, segment, frame, offset) in enumerate(run.columns()):
        yield high, low, mine[segment & ~runs.EVENTS] | segment & runs.EVENTS, frame, offset, source, old


def _hashes(sources: list[Run], moved: list[array[int]]) -> Iterator[tuple[int, ...]]:
    """Every SHA-256 prefix with its new row, in order."""
    before: tuple[int, ...] = ()
    for pair in heapq.merge(*(_hashes_of(run, rows) for run, rows in zip(sources, moved, strict=True))):
        if pair != before:
            yield pair
        before = pair


def _hashes_of(run: Run, rows: array[int]) -> Iterator[tuple[int, ...]]:
    """Equal prefixes in order of their new rows, which is not always that of the old ones."""
    for value, group in groupby(run.hash_rows(), key=itemgetter(0)):
        for row in sorted(rows[old] for _, old in group):
            yield value, row


def _crc(path: Path, start: int) -> int:
    crc = 0
    with mapped(path) as m:
        for at in range(start, len(m), 1 << 20):
            crc = zlib.crc32(m[at : at + (1 << 20)], crc)
    return crc
