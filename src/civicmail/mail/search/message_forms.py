"""Messages that were captured in two forms, by smart host and by journal: which SHA-256 are the same message (`--unique`)."""

from __future__ import annotations

from itertools import batched
from pathlib import Path

import tantivy

from civicmail.mail.archive.links import read_pairs
from civicmail.mail.search.compile import both
from civicmail.mail.search.order import everything
from civicmail.mail.search.schema import SCHEMA


class MessageForms:
    """one(sha): the same bytes for every form of a message; forms(sha): all of them."""

    def __init__(self, data: Path) -> None:
        self._canonical: dict[bytes, bytes] = {}
        self._forms: dict[bytes, set[bytes]] = {}
        for later, earlier in read_pairs(data):
            if later != earlier:
                self._join(later, earlier)

    def __bool__(self) -> bool:
        return bool(self._canonical)

    def canonical(self, sha: bytes) -> bytes:
        return self._canonical.get(sha, sha)

    def forms(self, sha: bytes) -> set[bytes]:
        return self._forms.get(self.canonical(sha), {sha})

    def repeated(self, searchers: list[tantivy.Searcher], query: tantivy.Query) -> int:
        """The number of different SHA-256 among the hits that are another form of a message already counted."""
        seen_forms: set[bytes] = set()
        for some in batched(sorted({int.from_bytes(sha[:8]) for sha in self._canonical}), 1000):
            same = both(query, tantivy.Query.term_set_query(SCHEMA, "s1", list(some)))
            seen_forms |= {f.sha for searcher in searchers for f in everything(searcher, same) if f.sha in self._canonical}
        return len(seen_forms) - len({self._canonical[sha] for sha in seen_forms})

    def _join(self, a: bytes, b: bytes) -> None:
        first, second = self.canonical(a), self.canonical(b)
        if first == second:
            return
        forms = self._forms.pop(first, {first}) | self._forms.pop(second, {second})
        self._forms[first] = forms
        self._canonical.update(dict.fromkeys(forms, first))
