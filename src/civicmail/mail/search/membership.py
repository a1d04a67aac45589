"""Which captures an index has, by asking it: its coverage says what it should have (promise 8)."""

from __future__ import annotations

from collections.abc import Collection

from civicmail.core.query.tree import Among, Range
from civicmail.mail.search.compile import compiled
from civicmail.mail.search.order import everything
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import id_bytes


def indexed(reader: Reader, captures: Collection[bytes]) -> set[bytes]:
    """Those of these captures that are in an index."""
    return _ids(reader, Among(frozenset(id_.hex() for id_ in captures))).intersection(captures)


def indexed_between(reader: Reader, since: int, until: int) -> set[bytes]:
    """Every capture in an index that was received from `since` to `until` (epoch ms, both included)."""
    return _ids(reader, Range("received", since, until))


def _ids(reader: Reader, tree: Among | Range) -> set[bytes]:
    query = compiled(tree)
    return {id_bytes(int(hit.key[1]), int(hit.key[2])) for searcher in reader.searchers() for hit in everything(searcher, query)}
