"""All captures that fit a query, newest first, as ids alone, for callers that filter by what no index has (such as labels).

    all_ = listed(reader, tree)        8,000 of 500,000 captures: 8 ms
    hits(reader, all_[:50])            the documents of a page

An index contains nothing that changes later, and a set of thousands of ids in a query costs a lookup for each. Reading all matches
is cheaper, as long as they are one person's mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

import tantivy

from civicmail.core.query.tree import Among, Tree
from civicmail.mail.search.compile import compiled
from civicmail.mail.search.order import run
from civicmail.mail.search.parallel import each
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import id_bytes
from civicmail.mail.search.search import Hit, search

Listed = tuple[int, int]
"""One capture that fits: the halves of its id, by which the order of receipt is total."""
BATCH_SIZE = 500
"""Documents that are looked up at a time."""


def list_all(reader: Reader, tree: Tree) -> list[Listed]:
    """Raises QueryError as search does."""
    if (remote := reader.elsewhere(tree)) is not None:
        return remote.ask("listed", tree, [])
    query = compiled(tree)

    def of(searcher: tantivy.Searcher) -> list[Listed]:
        total, hits = run(searcher, query, 1, by="hi")
        if total > 1:
            _, hits = run(searcher, query, total, by="hi")
        places = [address for _, address in hits]
        lows = searcher.fast_field_values("lo", places) if places else []
        return [(hi, int(lo or 0)) for (hi, _), lo in zip(hits, lows, strict=True)]

    items = [item for some in each(of, reader.searchers()) for item in some]
    items.sort(reverse=True)
    return items


def id_of(item: Listed) -> bytes:
    """Its capture id."""
    return id_bytes(item[0], item[1])


def hits(reader: Reader, some: Iterable[Listed]) -> Iterator[Hit]:
    """The documents of these hits, newest first; deleted ones are left out."""
    for ids in batched(some, BATCH_SIZE):
        yield from search(reader, Among(frozenset(id_of(item).hex() for item in ids)), limit=len(ids), scored=False).hits
