"""Messages that say nearly the same, by MinHash of their words, and messages whose whole text a later one quotes. Pure.

Features of a message hold no text: a signature, and short digests of its lines. datasketch imports scipy, which takes a second, so
that only the worker imports it, when it searches.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy

if TYPE_CHECKING:
    from datasketch import MinHash

PERMUTATIONS, SCHEME = 64, "affine32"
SIMILAR = 0.8
"""Estimated share of common word groups from which two texts are nearly the same."""
GROUP = 4
"""Words of a group."""
SHORTEST = 3
"""Groups; a shorter text is like too many others."""
_QUOTE = re.compile(r"^[\s>|]+")


@dataclass(frozen=True, slots=True)
class Features:
    """signature: of MinHash, empty for a short text; lines: digests of the lines without quotation marks."""

    signature: tuple[int, ...]
    lines: frozenset[int]


def features(text: str) -> Features:
    """The features of the text of a message."""
    from datasketch import MinHash

    words = text.lower().split()
    groups = {" ".join(words[n : n + GROUP]).encode("utf-8", "replace") for n in range(max(0, len(words) - GROUP + 1))}
    signature: tuple[int, ...] = ()
    if len(groups) >= SHORTEST:
        sketch = MinHash(num_perm=PERMUTATIONS, scheme=SCHEME)
        sketch.update_batch(sorted(groups))
        signature = tuple(int(value) for value in sketch.hashvalues)
    lines = {" ".join(_QUOTE.sub("", line).lower().split()) for line in text.splitlines()}
    return Features(signature, frozenset(_digest(line) for line in lines if line))


def clusters(signatures: Sequence[tuple[int, ...]]) -> list[int | None]:
    """For each text the number of its cluster, counted from 1 in order of the first members; None if no other is like it."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=SIMILAR, num_perm=PERMUTATIONS)
    sketches: dict[int, MinHash] = {}
    parent = list(range(len(signatures)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for n, signature in enumerate(signatures):
        if not signature:
            continue
        sketch = MinHash(num_perm=PERMUTATIONS, hashvalues=numpy.array(signature), scheme=SCHEME)
        for other in index.query(sketch):
            if sketch.jaccard(sketches[other]) >= SIMILAR:
                parent[root(n)] = root(other)
        index.insert(n, sketch)
        sketches[n] = sketch
    members: dict[int, list[int]] = defaultdict(list)
    for n in sketches:
        members[root(n)].append(n)
    numbers: list[int | None] = [None] * len(signatures)
    for number, group in enumerate(sorted((g for g in members.values() if len(g) > 1), key=min), 1):
        for n in group:
            numbers[n] = number
    return numbers


def inclusive(lines: Sequence[frozenset[int]]) -> list[bool]:
    """For each message of a conversation, oldest first, whether no later one has all of its lines."""
    return [not any(own <= later for later in lines[n + 1 :]) if own else True for n, own in enumerate(lines)]


def _digest(line: str) -> int:
    return int.from_bytes(blake2b(line.encode("utf-8", "replace"), digest_size=6).digest())
