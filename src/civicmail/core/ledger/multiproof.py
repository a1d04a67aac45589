"""One inclusion proof for many leaves of an RFC 9162 tree: nodes that their paths share are listed once. Pure.

The path has, from left to right, the roots of the largest subtrees without any of the leaves; a tree is split like MTH of RFC 9162,
2.1.1. For one leaf it is its inclusion path in another order; for all leaves it is empty. `root_of` of tools/verify_export.py
reverses it without Civicmail.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from civicmail.core.ledger import merkle
from civicmail.core.ledger.merkle import Node


def shared_path(leaves: Sequence[int], size: int, node: Node) -> list[bytes]:
    """The shared path of these leaves in a tree of `size`. wanted: ascending, each once. Raises ValueError for other leaves."""
    if not leaves or any(b <= a for a, b in pairwise(leaves)) or leaves[0] < 0 or leaves[-1] >= size:
        raise ValueError(f"these are not leaves of a tree of {size}, in order")

    def below(start: int, end: int, low: int, high: int) -> Iterator[bytes]:
        if low == high:
            yield merkle.range_root(start, end, node)
        elif end - start > 1:
            middle = start + merkle.split(end - start)
            between = bisect_left(leaves, middle, low, high)
            yield from below(start, middle, low, between)
            yield from below(middle, end, between, high)

    return list(below(0, size, 0, len(leaves)))
