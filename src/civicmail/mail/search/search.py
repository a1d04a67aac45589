"""Search: hits in exact order of receipt or by relevance, pages by cursor, equal messages folded on demand.

Relevance is BM25 within each index, merged by score. The indexes do not share statistics, so it is approximate, and pages say so.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import tantivy

from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import And, Near, Or, Token, Tree, Words
from civicmail.mail.search.compile import both, compiled
from civicmail.mail.search.message_forms import MessageForms
from civicmail.mail.search.order import Key, RawHit, Sort, batch, batch_of, everything, raw_hits, run
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import SCHEMA, id_bytes, ids

_PLACE = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Hit:
    """One capture that matches. id: UUID text; sha256: hexadecimal; received, date: ms since 1970, date None if the header has no
    usable one; score: relevance within its index, 0 if the query has no whole word to rank by; given: bytes as a recipient has
    them."""

    id: str
    sha256: str
    received: int
    date: int | None
    from_: str
    to: tuple[str, ...]
    subject: str
    size: int
    score: float
    given: int = 0

    def plain(self) -> dict[str, Any]:
        """The JSON of `search`: times as RFC 3339 in UTC."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "received": _time(self.received),
            "date": None if self.date is None else _time(self.date),
            "from": self.from_,
            "to": list(self.to),
            "subject": self.subject,
            "size": self.size,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """cursor: where the next page begins, "" after the last one. exact: the order is total (receipt), else near (relevance).
    total: on the first page, how many captures fit, exactly."""

    hits: tuple[Hit, ...]
    cursor: str
    exact: bool
    total: int


def search(
    reader: Reader,
    tree: Tree,
    *,
    limit: int = 20,
    sort: Sort = "newest",
    cursor: str = "",
    unique: bool = False,
    scored: bool = True,
) -> Page:
    """The first `limit` hits after the cursor. unique: only the first, in this order, of captures with equal bytes or linked as one
    message. scored: with their relevance, in an order of receipt too.

    A query without a whole word to rank by sorts newest first. Raises QueryError if the cursor belongs to another order or a prefix
    phrase expands to too many words.
    """
    if (remote := reader.elsewhere(tree)) is not None:
        options = {"limit": limit, "sort": sort, "cursor": cursor, "unique": unique, "scored": scored}
        return remote.ask("search", tree, Page((), "", True, 0), **options)
    if sort == "relevance" and not _ranks(tree):
        sort = "newest"
    query = compiled(tree)
    searchers = reader.searchers()
    after = read_cursor(cursor, sort)
    groups = reader.groups() if unique else None
    some, more, total = batch_of(searchers, query, sort, after, limit + 1)
    hits = _firsts(searchers, query, sort, some, groups) if unique and groups is not None else some
    while more and len(hits) <= limit:
        some, more = batch(searchers, query, sort, some[-1].key, limit + 1)
        hits += _firsts(searchers, query, sort, some, groups) if unique and groups is not None else some
    page = hits[:limit]
    following = _write_cursor(page[-1].key, sort) if page and len(hits) > limit else ""
    scores = _scores(query, page) if scored and sort != "relevance" and _ranks(tree) else {}
    return Page(tuple(read(page, scores)), following, sort != "relevance", total)


def _ranks(tree: Tree) -> bool:
    """Whether some leaf gives one hit a higher score than another."""
    match tree:
        case And(parts) | Or(parts):
            return any(_ranks(part) for part in parts)
        case Words(prefix=False) | Token(prefix=False):
            return True
        case Near(left, right):
            return not (left.prefix or right.prefix)
        case _:
            return False


def _firsts(
    searchers: list[tantivy.Searcher], query: tantivy.Query, sort: Sort, some: list[RawHit], groups: MessageForms
) -> list[RawHit]:
    """The hits of a batch that precede every other hit of the same message."""
    first: dict[bytes, Key] = {}
    prefixes = sorted({int.from_bytes(sha[:8]) for f in some for sha in groups.forms(f.sha)})
    same = both(query, tantivy.Query.boost_query(tantivy.Query.term_set_query(SCHEMA, "s1", prefixes), 0.0))
    for searcher in searchers if some else ():
        for f in everything(searcher, same, scored=sort == "relevance"):
            best = first.get(groups.canonical(f.sha))
            if best is None or (f.key < best if sort == "oldest" else f.key > best):
                first[groups.canonical(f.sha)] = f.key
    return [f for f in some if first[groups.canonical(f.sha)][1:] == f.key[1:]]


def read(page: Iterable[RawHit], scores: dict[tuple[int, int], float]) -> Iterator[Hit]:
    """The documents of a page. scores: relevance by key, of those that were not ordered by it."""
    for f in page:
        (size,) = f.searcher.fast_field_values("size", [f.address])
        (given,) = f.searcher.fast_field_values("given", [f.address])
        stored: Any = f.searcher.doc(f.address).get_first("stored")
        date, sender, to, subject, *_ = orjson.loads(stored)
        yield Hit(
            id=str(uuid.UUID(bytes=id_bytes(f.key[1], f.key[2]))),
            sha256=f.sha.hex(),
            received=f.key[1] >> 16,
            date=date,
            from_=sender,
            to=tuple(to),
            subject=subject,
            size=int(size or 0),
            score=f.key[0] or scores.get(f.key[1:], 0.0),
            given=int(size or 0) if given is None else int(given),
        )


def among(reader: Reader, tree: Tree, hits: Iterable[Hit]) -> set[str]:
    """The ids of those hits that fit the tree, too."""
    by_key = {ids(uuid.UUID(hit.id).bytes): hit.id for hit in hits}
    if not by_key:
        return set()
    within = both(compiled(tree), _one_of(lo for _, lo in by_key))
    matching: set[str] = set()
    for searcher in reader.searchers():
        some = [(0.0, address) for _, address in run(searcher, within, 2 * len(by_key), by="hi")[1]]
        matching |= {by_key[f.key[1:]] for f in raw_hits(searcher, some) if f.key[1:] in by_key}
    return matching


def cursor_at(hit: Hit, sort: Sort) -> str:
    """The cursor behind this hit in an order of receipt."""
    hi, lo = ids(uuid.UUID(hit.id).bytes)
    return _write_cursor((0.0, hi, lo), sort)


def _scores(query: tantivy.Query, page: list[RawHit]) -> dict[tuple[int, int], float]:
    """Relevance of hits that were not ordered by it."""
    scores: dict[tuple[int, int], float] = {}
    groups: dict[int, list[RawHit]] = {}
    for f in page:
        groups.setdefault(id(f.searcher), []).append(f)
    for some in groups.values():
        within = both(query, _one_of(f.key[2] for f in some))
        _, hits = run(some[0].searcher, within, len(some) * 2)
        scores |= {f.key[1:]: f.key[0] for f in raw_hits(some[0].searcher, hits)}
    return scores


def _one_of(los: Iterable[int]) -> tantivy.Query:
    """Captures by the second half of their ids, without weight. Each is looked up; a set of terms would be a scan of the column."""
    each = [(tantivy.Occur.Should, tantivy.Query.term_query(SCHEMA, "lo", lo)) for lo in sorted(set(los))]
    return tantivy.Query.boost_query(tantivy.Query.boolean_query(each), 0.0)


def _write_cursor(key: Key, sort: Sort) -> str:
    return f"{sort[0]}{key[1]:016x}{key[2]:016x}{key[0].hex() if sort == 'relevance' else ''}"


def read_cursor(cursor: str, sort: Sort) -> Key | None:
    """Behind which hit a page begins. Raises QueryError where the cursor belongs to another order."""
    if not cursor:
        return None
    try:
        if cursor[0] != sort[0] or not _PLACE.fullmatch(cursor[1:33]):
            raise ValueError(sort)
        score = float.fromhex(cursor[33:]) if sort == "relevance" else 0.0
        return score, int(cursor[1:17], 16), int(cursor[17:33], 16)
    except (ValueError, OverflowError):
        raise QueryError(0, "This cursor does not belong to this search.") from None


def _time(ms: int) -> str:
    moment = datetime.fromtimestamp(min(ms, 253_402_300_799_999) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
