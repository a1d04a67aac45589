"""Page through the hits of a query after a person's marks (labels, unread, hidden). Without Django.

The index does not contain the marks. A few ids become part of the query. For many, it is faster to list the ids of all hits and
filter them (mail/search/listing.py), because all hits are one person's mail.
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
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, cursor_at, read_cursor, search

Order = Literal["newest", "oldest"]
MAX_QUERY_IDS = 300
"""Ids that are and-ed into a query."""
BATCH_SIZE = 500
_REVERSE: dict[Order, Order] = {"newest": "oldest", "oldest": "newest"}


@dataclass(frozen=True, slots=True)
class IdFilter:
    """only: captures to which the list is restricted, None for all; without: captures that are left out. 16 bytes each."""

    only: frozenset[bytes] | None = None
    without: frozenset[bytes] = frozenset()

    @property
    def is_few(self) -> bool:
        return len(self.only or ()) <= MAX_QUERY_IDS and len(self.without) <= MAX_QUERY_IDS

    def fits(self, id_: bytes) -> bool:
        return id_ not in self.without and (self.only is None or id_ in self.only)

    def narrowed(self, tree: Tree) -> Tree:
        """The query with both restrictions."""
        parts = [tree]
        if self.only is not None:
            parts.append(Among(frozenset(id_.hex() for id_ in self.only)) if self.only else NOTHING)
        if self.without:
            parts.append(Not(Among(frozenset(id_.hex() for id_ in self.without))))
        return And(tuple(parts)) if len(parts) > 1 else tree


@dataclass(frozen=True, slots=True)
class HitPage:
    """after, before: cursors of the next and the earlier page, "" where there is none; total: how many fit."""

    hits: tuple[Hit, ...]
    after: str
    before: str
    total: int


def hit_page(
    reader: Reader, tree: Tree, narrow: IdFilter, *, after: str, before: str, size: int, order: Order = "newest"
) -> HitPage:
    """The page after one cursor or before the other. Raises QueryError for a cursor of another list."""
    if narrow.is_few:
        return _query_page(reader, narrow.narrowed(tree), after, before, size, order)
    return _filtered_page(reader, _filtered(reader, tree, narrow), after, before, size, order)


def neighbors(reader: Reader, tree: Tree, narrow: IdFilter, hit: Hit) -> tuple[str, str]:
    """Ids of the next newer and the next older match; "" where there is none. hit: need not match itself."""
    newer, older = cursor_at(hit, "oldest"), cursor_at(hit, "newest")
    if narrow.is_few:
        query = narrow.narrowed(tree)
        both = [search(reader, query, limit=1, sort="oldest", cursor=newer, scored=False).hits]
        both += [search(reader, query, limit=1, cursor=older, scored=False).hits]
    else:
        rows = _filtered(reader, tree, narrow)
        both = [_filtered_page(reader, rows, *ends, 1, "newest").hits for ends in (("", newer), (older, ""))]
    return both[0][0].id if both[0] else "", both[1][0].id if both[1] else ""


def count_matching(reader: Reader, tree: Tree, narrow: IdFilter) -> int:
    """The exact number of matches."""
    return count(reader, narrow.narrowed(tree)) if narrow.is_few else len(_filtered(reader, tree, narrow))


def all_hits(reader: Reader, tree: Tree, narrow: IdFilter, remaining: int) -> Iterator[Hit]:
    """All matches, newest first."""
    if not narrow.is_few:
        yield from hits(reader, _filtered(reader, tree, narrow)[:remaining])
        return
    cursor, query = "", narrow.narrowed(tree)
    while remaining > 0:
        result = search(reader, query, limit=min(BATCH_SIZE, remaining), cursor=cursor, scored=False)
        yield from result.hits
        remaining, cursor = remaining - len(result.hits), result.cursor
        if not cursor:
            return


def ids(reader: Reader, tree: Tree) -> frozenset[bytes]:
    """Ids of all matches."""
    return frozenset(id_of(one) for one in list_all(reader, tree))


def _query_page(reader: Reader, tree: Tree, after: str, before: str, size: int, order: Order) -> HitPage:
    back = _REVERSE[order]
    if before:
        result = search(reader, tree, limit=size, sort=back, cursor=before, scored=False)
        page_hits = result.hits[::-1]
        later, earlier = cursor_at(page_hits[-1], order) if page_hits else "", result.cursor and cursor_at(page_hits[0], back)
        return HitPage(page_hits, later, earlier, count(reader, tree))
    result = search(reader, tree, limit=size, sort=order, cursor=after, scored=False)
    earlier = cursor_at(result.hits[0], back) if after and result.hits else ""
    return HitPage(result.hits, result.cursor, earlier, count(reader, tree) if after else result.total)


def _filtered(reader: Reader, tree: Tree, narrow: IdFilter) -> list[Listed]:
    return [one for one in list_all(reader, tree) if narrow.fits(id_of(one))]


def _filtered_page(reader: Reader, newest: list[Listed], after: str, before: str, size: int, order: Order) -> HitPage:
    """A page as _query_page(), with data that is loaded already."""
    back = _REVERSE[order]
    rows = newest if order == "newest" else newest[::-1]
    start, end = 0, size
    if before:
        end = _rows_before(rows, before, back)
        start = max(0, end - size)
    elif after:
        start = len(rows) - _rows_before(rows[::-1], after, order)
        end = start + size
    page_hits = tuple(hits(reader, rows[start:end]))
    if order == "oldest":
        page_hits = page_hits[::-1]
    later = cursor_at(page_hits[-1], order) if page_hits and end < len(rows) else ""
    earlier = cursor_at(page_hits[0], back) if page_hits and start else ""
    return HitPage(page_hits, later, earlier, len(rows))


def _rows_before(rows: list[Listed], cursor: str, order: Order) -> int:
    """Number of rows before that of the cursor, which may be gone by now. order: of the cursor, against that of the rows."""
    key = read_cursor(cursor, order)
    assert key is not None
    sign = -1 if order == "oldest" else 1
    return bisect_left(rows, (sign * key[1], sign * key[2]), key=lambda row: (sign * row[0], sign * row[1]))
