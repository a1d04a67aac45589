"""A page of what fits a query and, on top of it, what somebody made of their mail (labels, unread, hidden). Knows no Django.

The index knows none of that. A few ids are and-ed into the query; for many it is faster to read the ids of all that fits and to
look at each of them (mail/search/listing.py), because all of it is one person's mail.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from civicmail.core.query.scopes import NOTHING
from civicmail.core.query.tree import Among, And, Not, Tree
from civicmail.mail.search.counts import count
from civicmail.mail.search.listing import Listed, hits, id_of, list_all
from civicmail.mail.search.order import Sort
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, cursor_at, read_cursor, search

FEW = 300
"""Ids that are and-ed into a query."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Narrow:
    """only: captures of which one must be it, None for any; without: captures that are left out. 16 bytes each."""

    only: frozenset[bytes] | None = None
    without: frozenset[bytes] = frozenset()

    @property
    def is_few(self) -> bool:
        return len(self.only or ()) <= FEW and len(self.without) <= FEW

    def fits(self, id_: bytes) -> bool:
        return id_ not in self.without and (self.only is None or id_ in self.only)

    def of(self, tree: Tree) -> Tree:
        """The query with both in it."""
        parts = [tree]
        if self.only is not None:
            parts.append(Among(frozenset(id_.hex() for id_ in self.only)) if self.only else NOTHING)
        if self.without:
            parts.append(Not(Among(frozenset(id_.hex() for id_ in self.without))))
        return And(tuple(parts)) if len(parts) > 1 else tree


@dataclass(frozen=True, slots=True)
class Turned:
    """after, before: cursors of the next and the earlier page, "" where there is none; total: how many fit."""

    hits: tuple[Hit, ...]
    after: str
    before: str
    total: int


def turned(reader: Reader, tree: Tree, narrow: Narrow, *, after: str, before: str, size: int) -> Turned:
    """The page behind one cursor or before the other. Raises QueryError for a cursor of another list."""
    if narrow.is_few:
        return _asked(reader, narrow.of(tree), after, before, size)
    return _sifted(reader, _sift(reader, tree, narrow), after, before, size)


def counted(reader: Reader, tree: Tree, narrow: Narrow) -> int:
    """How many fit, exactly."""
    return count(reader, narrow.of(tree)) if narrow.is_few else len(_sift(reader, tree, narrow))


def every(reader: Reader, tree: Tree, narrow: Narrow, most: int) -> Iterator[Hit]:
    """All of them, the newest first."""
    if not narrow.is_few:
        yield from hits(reader, _sift(reader, tree, narrow)[:most])
        return
    cursor, wanted = "", narrow.of(tree)
    while most > 0:
        found = search(reader, wanted, limit=min(AT_ONCE, most), cursor=cursor, scored=False)
        yield from found.hits
        most, cursor = most - len(found.hits), found.cursor
        if not cursor:
            return


def ids(reader: Reader, tree: Tree) -> frozenset[bytes]:
    """Of all that fits."""
    return frozenset(id_of(one) for one in list_all(reader, tree))


def _asked(reader: Reader, tree: Tree, after: str, before: str, size: int) -> Turned:
    back: Sort = "oldest"
    if before:
        found = search(reader, tree, limit=size, sort=back, cursor=before, scored=False)
        some = found.hits[::-1]
        later, earlier = cursor_at(some[-1], "newest") if some else "", found.cursor and cursor_at(some[0], back)
        return Turned(some, later, earlier, count(reader, tree))
    found = search(reader, tree, limit=size, cursor=after, scored=False)
    earlier = cursor_at(found.hits[0], back) if after and found.hits else ""
    return Turned(found.hits, found.cursor, earlier, count(reader, tree) if after else found.total)


def _sift(reader: Reader, tree: Tree, narrow: Narrow) -> list[Listed]:
    return [one for one in list_all(reader, tree) if narrow.fits(id_of(one))]


def _sifted(reader: Reader, found: list[Listed], after: str, before: str, size: int) -> Turned:
    """As _asked, with what is known already."""
    start, end = 0, size
    if before:
        end = _place(found, before, "oldest")
        start = max(0, end - size)
    elif after:
        start = _place(found, after, "newest")
        end = start + size
    some = tuple(hits(reader, found[start:end]))
    later = cursor_at(some[-1], "newest") if some and end < len(found) else ""
    earlier = cursor_at(some[0], "oldest") if some and start else ""
    return Turned(some, later, earlier, len(found))


def _place(found: list[Listed], cursor: str, sort: Literal["newest", "oldest"]) -> int:
    """How many stand before what the cursor is behind (newest), or before what it is before (oldest)."""
    key = read_cursor(cursor, sort)
    assert key is not None
    at = bisect_left(found, (-key[1], -key[2]), key=lambda one: (-one[0], -one[1]))
    there = at < len(found) and found[at] == key[1:]
    return at + 1 if there and sort == "newest" else at
