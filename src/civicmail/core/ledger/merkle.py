"""The trees of RFC 9162, section 2.1, as pure arithmetic: roots, inclusion and consistency proofs, and their verification.

A tree is an array for each level: node(level, i) is the root of the 2^level leaves from i·2^level on, and exists when all of these
leaves do. The other hashes of a proof are computed from such nodes, so a proof takes O(log² n) hashes and reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH = 32
EMPTY = sha256(b"").digest()
Node = Callable[[int, int], bytes]  # (level, index) -> hash of a whole subtree


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above; a last one without a partner is left out."""
    return [sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]


def levels_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All whole subtrees over these leaf hashes, lowest level first."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        levels.append(pair_up(levels[-1]))
    return levels


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes: pairing neighbours and carrying an odd last one upward gives RFC 9162's tree."""
    level = list(leaves)
    while len(level) > 1:
        above = pair_up(level)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0] if level else EMPTY


def in_memory(leaves: Sequence[bytes]) -> Node:
    """A node function over leaf hashes held in memory."""
    levels = levels_of(leaves)
    return lambda level, index: levels[level][index]


def range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) for a start that is a multiple of the least power of two that is not below end - start."""
    if start == end:
        return EMPTY
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + split(count)
    return node_hash(range_root(start, middle, node), range_root(middle, end, node))


def root_at(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves."""
    return range_root(0, size, node)


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[0:size]) of RFC 9162, 2.1.3.1, lowest first. Raises ValueError where the leaf is not in that tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistency_path(old: int, size: int, node: Node) -> list[bytes]:
    """PROOF(old, D[0:size]) of RFC 9162, 2.1.4.1: that the tree of `size` begins with the tree of `old`. Raises ValueError where it
    cannot: nothing follows from an empty tree."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} does not begin with one of {old}")
    start, end, is_whole, path = 0, size, True, list[bytes]()
    while end > old:
        middle = start + split(end - start)
        if old <= middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start, is_whole = middle, False
    if not is_whole:
        path.append(range_root(start, end, node))
    return path[::-1]


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: whether the path proves that the tree of `size` begins with that of `old`."""
    if not 0 < old < size:
        return old == size and old_root == root and not path
    rest = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not rest:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = rest[0]
    for c in rest[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


def split(count: int) -> int:
    """The largest power of two below count, for count > 1."""
    return 1 << ((count - 1).bit_length() - 1)
