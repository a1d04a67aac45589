"""Find the undamaged records of a damaged journal file, and the ranges of damaged bytes. Pure.

A file whose header is damaged may have lost the seed of its checksums with it. The seed is the same in all files of a journal; and
since a CRC is linear in what it starts from, each whole record gives the seed away.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from civicmail.core.disk import frames
from civicmail.core.disk.frames import FIXED, MAGIC, Frame

_MAX_SEEDS_TRIED = 64  # records that are tried for the seed
Sound = Callable[[Frame], bool]
"""Whether a whole frame can be used: its head is valid, and its body matches."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records that follow each other: numbers of the first and last, offsets of the first and behind the last."""

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Salvage:
    """runs: undamaged records; damaged: (start, end) of other bytes; durable: the greatest number that the file calls durable."""

    runs: list[Run]
    damaged: list[tuple[int, int]]
    durable: int
    seed: int
    created: int
    is_whole: bool


def salvage(
    content: bytes,
    journal: str,
    first: int,
    last: int | None,
    *,
    durable_elsewhere: int,
    seeds: Iterable[int],
    sound: Sound,
    changed: int,
) -> Salvage:
    """Find the undamaged records of a file. first: number in its name; last: number before the next file's first, None for the last
    file of a journal; durable_elsewhere: the last number called durable outside this file; seeds: of other files of the journal;
    changed: ms, used as the time of creation where that is damaged."""
    header = frames.decode_file_header(content)
    is_good = header is not None and header[:2] == (journal, first)
    created = header[2] if header is not None and is_good else changed
    seed = frames.seed_of(content)
    if not is_good:
        seed = _seed(content, journal, first, [seed, *seeds])
        content = frames.encode_file_header(journal, first, created, seed) + content[frames.FILE_HEADER_SIZE :]
    runs: list[Run] = []
    elsewhere: list[tuple[int, int]] = []  # a repair that was cut short has moved these records on to another file
    durable, at, expected = durable_elsewhere, frames.FILE_HEADER_SIZE, first
    while (frame := _next(content, at, expected)) is not None:
        durable, at, expected = max(durable, frame.durable), frame.end, frame.number + 1
        if last is not None and frame.number > last:
            elsewhere.append((frame.offset, frame.end))
        elif sound(frame):
            if runs and (runs[-1].end, runs[-1].last + 1) == (frame.offset, frame.number):
                runs[-1] = Run(runs[-1].first, frame.number, runs[-1].start, frame.end)
            else:
                runs.append(Run(frame.number, frame.number, frame.offset, frame.end))
    if last is None:
        runs = _kept(runs, first, durable)
    damaged = [] if is_good else [(0, min(len(content), frames.FILE_HEADER_SIZE))]
    damaged += _between(content, runs, elsewhere, is_torn=last is None and (runs[-1].last if runs else first - 1) >= durable)
    is_one = len(runs) == 1 and (runs[0].first, runs[0].start) == (first, frames.FILE_HEADER_SIZE)
    is_empty = last is None and not runs and durable < first  # none of its records was acknowledged
    whole = is_empty or (is_one and not damaged and not elsewhere)
    return Salvage(runs, damaged, durable, seed, created, whole)


def _next(content: bytes, at: int, expected: int) -> Frame | None:
    frame = frames.decode(content, at)
    return frame if frame is not None and frame.number >= expected else frames.next_after_damage(content, at, expected)


def _kept(runs: list[Run], first: int, durable: int) -> list[Run]:
    """Runs of the last file of a journal up to the first missing record that was never called durable."""
    expected = first
    for n, run in enumerate(runs):
        if run.first != expected > durable:
            return runs[:n]
        expected = run.last + 1
    return runs


def _between(content: bytes, runs: list[Run], elsewhere: list[tuple[int, int]], *, is_torn: bool) -> list[tuple[int, int]]:
    """Bytes behind the header that are in no whole record; a torn tail and preallocated zeros are none."""
    gaps, at = [], frames.FILE_HEADER_SIZE
    for start, end in sorted([(run.start, run.end) for run in runs] + elsewhere):
        if start > at:
            gaps.append((at, start))
        at = end
    size = at + len(content[at:].rstrip(b"\0"))
    return gaps if is_torn or size <= at else [*gaps, (at, size)]


# -- the seed --------------------------------------------------------------------------------------------------------------


def _seed(content: bytes, journal: str, first: int, known: list[int]) -> int:
    """The seed under which most bytes are whole records; that of the damaged header if none gives any.

    Most bytes, because forged frames of a message are inside a record. A seed with only one record would make any damaged record
    whole, so it also needs the header.
    """
    best, most = known[0], 0
    for seed in dict.fromkeys([*known, *_derived(content)]):
        if _fits(content, journal, first, seed):
            return seed
        count, size = _covered(content, seed)
        if size > most and (count > 1 or seed in known):
            best, most = seed, size
    return best


def _derived(content: bytes) -> Iterator[int]:
    """The seed derived from the first records."""
    at, tried = content.find(MAGIC, frames.FILE_HEADER_SIZE), 0
    while at >= 0 and tried < _MAX_SEEDS_TRIED:
        if at % 8 == 0 and (seed := _seed_of_frame(content, at)) is not None:
            tried += 1
            yield seed
        at = content.find(MAGIC, at + 1)


def _covered(content: bytes, seed: int) -> tuple[int, int]:
    """The number of whole records under a seed, and their bytes."""
    probe = frames.encode_file_header("", 0, 0, seed) + content[frames.FILE_HEADER_SIZE :]
    count, size, at = 0, 0, frames.FILE_HEADER_SIZE
    while (frame := _next(probe, at, 0)) is not None:
        count, size, at = count + 1, size + frame.end - frame.offset, frame.end
    return count, size


def _fits(content: bytes, journal: str, first: int, seed: int) -> bool:
    """Whether only the seed of the header is damaged."""
    magic, crc, name, number, created, _ = frames.FILE_HEADER.unpack_from(content.ljust(frames.FILE_HEADER_SIZE, b"\0"), 0)
    mended = zlib.crc32(frames.FILE_HEADER.pack(magic, 0, name, number, created, seed)) == crc
    return mended and (name.rstrip(b"\0"), number) == (journal.encode(), first)


def _seed_of_frame(content: bytes, at: int) -> int | None:
    """The one seed that makes the record at this offset whole."""
    if at + FIXED.size > len(content):
        return None
    magic, type_, flags, _, head, crc, body, *rest = FIXED.unpack_from(content, at)
    if head > frames.HEAD_MAX or at + frames.size_of(head, body) > len(content):
        return None
    size = FIXED.size + head + body
    data = FIXED.pack(magic, type_, flags, 0, head, 0, body, *rest) + content[at + FIXED.size : at + size]
    zeros = bytes(size)
    nothing = zlib.crc32(zeros)
    rows = [(zlib.crc32(zeros, 1 << bit) ^ nothing, 1 << bit) for bit in range(32)]
    target, seed = crc ^ zlib.crc32(data), 0
    for bit in range(32):  # Gaussian elimination over GF(2)
        pivot = next((n for n in range(bit, 32) if rows[n][0] >> bit & 1), None)
        if pivot is None:
            return None
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        value, made = rows[bit]
        rows = [(v ^ value, m ^ made) if n != bit and v >> bit & 1 else (v, m) for n, (v, m) in enumerate(rows)]
    for bit in range(32):
        if target >> bit & 1:
            seed ^= rows[bit][1]
    return seed
