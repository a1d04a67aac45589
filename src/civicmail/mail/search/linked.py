"""Messages that came twice in two forms, by smart host and by journal: which SHA-256 stand for one message (`--unique`)."""

from __future__ import annotations

from itertools import batched
from pathlib import Path

import tantivy

from civicmail.mail.archive.links import read_pairs
from civicmail.mail.search.compile import both
from civicmail.mail.search.order import everything
from civicmail.mail.search.schema import SCHEMA


class Groups:
    """one(sha): the same bytes for every form of a message; forms(sha): all of them."""

    def __init__(self, data: Path) -> None:
        self._one: dict[bytes, bytes] = {}
        self._forms: dict[bytes, set[bytes]] = {}
        for later, earlier in read_pairs(data):
            if later != earlier:
                self._join(later, earlier)

    def __bool__(self) -> bool:
        return bool(self._one)

    def one(self, sha: bytes) -> bytes:
        return self._one.get(sha, sha)

    def forms(self, sha: bytes) -> set[bytes]:
        return self._forms.get(self.one(sha), {sha})

    def twice(self, searchers: list[tantivy.Searcher], query: tantivy.Query) -> int:
        """How many of the different SHA-256 among the hits are another form of a message that is counted already."""
        there: set[bytes] = set()
        for some in batched(sorted({int.from_bytes(sha[:8]) for sha in self._one}), 1000):
            same = both(query, tantivy.Query.term_set_query(SCHEMA, "s1", list(some)))
            there |= {f.sha for searcher in searchers for f in everything(searcher, same) if f.sha in self._one}
        return len(there) - len({self._one[sha] for sha in there})

    def _join(self, a: bytes, b: bytes) -> None:
        one, other = self.one(a), self.one(b)
        if one == other:
            return
        forms = self._forms.pop(one, {one}) | self._forms.pop(other, {other})
        self._forms[one] = forms
        self._one.update(dict.fromkeys(forms, one))
