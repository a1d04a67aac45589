"""Exact counts, and the completeness of each answer (promise 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import batched

import tantivy

from civicmail.core.query.tree import Everything, Tree
from civicmail.mail.search.attachments import TEXT, WAITING
from civicmail.mail.search.compile import LARGEST, both, column, compiled
from civicmail.mail.search.order import counted, everything, run
from civicmail.mail.search.parallel import each
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import SCHEMA, ids

AT_ONCE = 200_000  # hits whose hashes are held at the same time


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a query. count: captures that match; unique: different messages (SHA-256) among them; searchable: captures in the
    index; archived: captures in the archive; unreadable: captures in the index that could not be read completely; waiting: captures
    in the index with attachments that are not read yet, or only in part (scans)."""

    count: int
    unique: int
    searchable: int
    archived: int
    unreadable: int
    waiting: int = 0

    def plain(self) -> dict[str, int]:
        """waiting is only there while something waits."""
        return {name: value for name, value in asdict(self).items() if value or name != "waiting"}


def counts(reader: Reader, tree: Tree, *, archived: int) -> Counts:
    """Counts for `search --count`. archived: the archive's own number of captures."""
    searchers = reader.searchers()
    return Counts(
        count=count(reader, tree),
        unique=unique(reader, tree),
        searchable=sum(searcher.num_docs for searcher in searchers),
        archived=archived,
        unreadable=_together(searchers, column("unreadable", 1, LARGEST)),
        waiting=sum(_together(searchers, still(kind)) for kind in WAITING),
    )


def files_waiting(reader: Reader, tree: Tree) -> int:
    """The number of captures that match and have files of which no text was read yet. Pictures that wait for OCR do not count."""
    return _together(reader.searchers(), both(compiled(tree), still(TEXT)))


def still(kind: int) -> tantivy.Query:
    """Captures that wait for this (attached.WAITING)."""
    return tantivy.Query.term_query(SCHEMA, "waiting", kind)


def count(reader: Reader, tree: Tree) -> int:
    """The exact number of captures that match, without a cap."""
    if (remote := reader.elsewhere(tree)) is not None:
        return remote.ask("count", tree, 0)
    return _together(reader.searchers(), compiled(tree))


def count_each(reader: Reader, trees: Sequence[Tree]) -> list[int]:
    """As count(), of several queries at once: each index answers all of them in one turn."""
    if any(reader.elsewhere(tree) is not None for tree in trees):
        return [count(reader, tree) for tree in trees]
    queries = [compiled(tree) for tree in trees]
    answers = each(lambda searcher: [counted(searcher, query) for query in queries], reader.searchers())
    return [sum(answer[n] for answer in answers) for n in range(len(trees))]


def _together(searchers: list[tantivy.Searcher], query: tantivy.Query) -> int:
    return sum(each(lambda searcher: counted(searcher, query), searchers))


def unique(reader: Reader, tree: Tree) -> int:
    """The number of different messages that match: about half a second for a million hits. Hashes are compared in slices of their
    range, so that memory stays bounded."""
    query = compiled(tree)
    searchers = reader.searchers()
    total = _together(searchers, query)
    slices = 1 + total // AT_ONCE
    width = (LARGEST + 1) // slices + 1
    distinct = sum(_distinct(searchers, query, n * width, min((n + 1) * width - 1, LARGEST), slices) for n in range(slices))
    return distinct - (groups.repeated(searchers, query) if (groups := reader.groups()) else 0)


def _distinct(searchers: list[tantivy.Searcher], query: tantivy.Query, low: int, high: int, slices: int) -> int:
    """Different hashes whose first 64 bits lie in a range; only where those are equal are the others read."""
    within = both(query, column("s1", low, high)) if slices > 1 else query
    seen: set[int] = set()
    repeated: set[int] = set()
    for searcher in searchers:
        if total := counted(searcher, within):
            for value, _ in run(searcher, within, total, by="s1")[1]:
                (repeated if value in seen else seen).add(value)
    if not repeated:
        return len(seen)
    hashes = set()
    for some in batched(sorted(repeated), 1000):
        same = both(query, tantivy.Query.term_set_query(SCHEMA, "s1", list(some)))
        hashes |= {f.sha for searcher in searchers for f in everything(searcher, same)}
    return len(seen) - len(repeated) + len(hashes)


def missing(reader: Reader, capture_ids: Iterable[bytes]) -> Iterator[bytes]:
    """The given captures that no index contains, for `verify`. Checks membership, never a flag."""
    searchers = reader.searchers()
    for some in batched(capture_ids, 1000):
        indexed: set[tuple[int, int]] = set()
        query = tantivy.Query.term_set_query(SCHEMA, "lo", [ids(capture_id)[1] for capture_id in some])
        for searcher in searchers:
            indexed |= {f.key[1:] for f in everything(searcher, query)}
        yield from (capture_id for capture_id in some if ids(capture_id) not in indexed)


def searchable(reader: Reader) -> int:
    """Captures in the index."""
    return count(reader, Everything())
