"""Sort the hits of all indexes into one order, a batch at a time.

The order of receipt is the order of capture ids. An index sorts by their first 64 bits; ties are read completely and sorted by the
other 64, so the order is total. Hits of equal score are read completely too, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tantivy

from civicmail.core.query.errors import QueryError
from civicmail.mail.search.compile import LARGEST, both, column
from civicmail.mail.search.parallel import each
from civicmail.mail.search.schema import sha_bytes

Sort = Literal["newest", "oldest", "relevance"]
Key = tuple[float, int, int]  # score (0 where the order is by receipt), hi, lo


@dataclass(frozen=True, slots=True)
class RawHit:
    """A hit before its document is read."""

    key: Key
    sha: bytes
    searcher: tantivy.Searcher
    address: tantivy.DocAddress


def batch(
    searchers: Sequence[tantivy.Searcher], query: tantivy.Query, sort: Sort, after: Key | None, size: int
) -> tuple[list[RawHit], bool]:
    """The next hits behind `after` in order, at most `size`, and whether there may be more."""
    hits, more, _ = batch_of(searchers, query, sort, after, size)
    return hits, more


def batch_of(
    searchers: Sequence[tantivy.Searcher], query: tantivy.Query, sort: Sort, after: Key | None, size: int
) -> tuple[list[RawHit], bool, int]:
    """A batch as batch(), and, without `after`, the exact number of captures that match. Each index is queried once, unless hits
    are tied."""
    by = _by_score if sort == "relevance" else _by_receipt
    hits: list[RawHit] = []
    more, total = False, 0
    for some, cut, fitting in each(lambda searcher: by(searcher, query, sort, after, size), searchers):
        hits += some
        more = more or cut
        total += fitting
    hits.sort(key=lambda f: f.key, reverse=sort != "oldest")
    return hits[:size], more or len(hits) > size, total


def everything(searcher: tantivy.Searcher, query: tantivy.Query, *, scored: bool = False) -> list[RawHit]:
    """All hits of one index, unordered."""
    if not (total := counted(searcher, query)):
        return []
    if scored:
        return raw_hits(searcher, run(searcher, query, total)[1])
    return raw_hits(searcher, [(0.0, address) for _, address in run(searcher, query, total, by="hi")[1]])


def counted(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """The exact number of documents of one index that match."""
    return run(searcher, query, 1, by="hi")[0]


def run(
    searcher: tantivy.Searcher, query: tantivy.Query, limit: int, *, by: str | None = None, ascending: bool = False
) -> tuple[int, list[tuple[Any, tantivy.DocAddress]]]:
    """The exact count and the first hits with the value they are sorted by: a column, or where none is given the score."""
    order = tantivy.Order.Asc if ascending else tantivy.Order.Desc
    try:
        result: Any = searcher.search(query, limit=limit, order_by_field=by, order=order)
    except ValueError as error:  # a prefix phrase that expands to more words than tantivy follows
        raise QueryError(0, f"This query asks for too much at once; write the starred words longer ({error}).") from error
    return result.count, result.hits


def raw_hits(searcher: tantivy.Searcher, hits: list[tuple[float, tantivy.DocAddress]]) -> list[RawHit]:
    """(score, address) with the capture's id and SHA-256."""
    if not hits:
        return []
    addresses = [address for _, address in hits]
    columns = [searcher.fast_field_values(name, addresses) for name in ("hi", "lo", "s1", "s2", "s3", "s4")]
    return [
        RawHit((score, hi, lo), sha_bytes(s1, s2, s3, s4), searcher, address)
        for (score, address), hi, lo, s1, s2, s3, s4 in zip(hits, *columns, strict=True)
    ]


def _by_receipt(
    searcher: tantivy.Searcher, query: tantivy.Query, sort: Sort, after: Key | None, size: int
) -> tuple[list[RawHit], bool, int]:
    newest = sort == "newest"
    results: list[RawHit] = []
    if after is not None:
        hi = after[1]
        results = [f for f in _tied(searcher, query, hi) if (f.key < after if newest else f.key > after)]
        query = both(query, column("hi", 0, hi - 1) if newest else column("hi", hi + 1, LARGEST))
    total, hits = run(searcher, query, size + 1, by="hi", ascending=not newest)
    cut = total > size
    if cut:
        *hits, (border, _) = hits
        if hits[-1][0] == border:  # the batch would end among equals, of which tantivy may have chosen any
            hits = [hit for hit in hits if hit[0] != border]
            results += _tied(searcher, query, border)
    return results + raw_hits(searcher, [(0.0, address) for _, address in hits]), cut, total


def _tied(searcher: tantivy.Searcher, query: tantivy.Query, hi: int) -> list[RawHit]:
    return everything(searcher, both(query, column("hi", hi, hi)))


def _by_score(
    searcher: tantivy.Searcher, query: tantivy.Query, sort: Sort, after: Key | None, size: int
) -> tuple[list[RawHit], bool, int]:
    limit = size
    while True:
        total, hits = run(searcher, query, limit)
        cut = total > len(hits)
        results = [f for f in raw_hits(searcher, hits) if after is None or f.key < after]
        if not cut:
            return results, False, total
        lowest = hits[-1][0]
        whole = [f for f in results if f.key[0] > lowest]
        if len(whole) >= size:
            return whole, True, total
        limit *= 4
