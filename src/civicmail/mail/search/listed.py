"""All that fits a query, the newest first, as ids alone: for whoever narrows it by what no index has (somebody's labels).

    all_ = listed(reader, tree)        8,000 of 500,000 captures: 8 ms
    hits(all_[:50])                    the documents of a page

An index knows nothing that changes; a set of thousands of ids in a query is a look-up for each. Reading what fits is cheaper, as
long as it is one person's mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

import tantivy

from civicmail.core.query.tree import Tree
from civicmail.mail.search.compile import compiled
from civicmail.mail.search.order import found_of, run
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import id_bytes
from civicmail.mail.search.search import Hit, read
from civicmail.mail.search.together import each

Listed = tuple[int, int, tantivy.Searcher, tantivy.DocAddress]
"""One capture that fits: the halves of its id, by which the order of receipt is total, and where its document is."""

_by_receipt = itemgetter(0, 1)


def listed(reader: Reader, tree: Tree) -> list[Listed]:
    """Raises QueryError as search does."""
    query = compiled(tree)

    def of(searcher: tantivy.Searcher) -> list[Listed]:
        total, hits = run(searcher, query, 1, by="hi")
        if total > 1:
            _, hits = run(searcher, query, total, by="hi")
        places = [address for _, address in hits]
        lows = searcher.fast_field_values("lo", places) if places else []
        return [(hi, int(lo or 0), searcher, address) for (hi, address), lo in zip(hits, lows, strict=True)]

    found = [one for some in each(of, reader.searchers()) for one in some]
    found.sort(key=_by_receipt, reverse=True)
    return found


def id_of(one: Listed) -> bytes:
    """Its capture id."""
    return id_bytes(one[0], one[1])


def hits(some: Iterable[Listed]) -> Iterator[Hit]:
    """Their documents, in the order given."""
    for _, _, searcher, address in some:
        yield from read(found_of(searcher, [(0.0, address)]), {})
