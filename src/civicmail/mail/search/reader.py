"""All indexes of the current generation for searching, in any process and without a lease.

A Reader that lives long calls refresh() before each search: new commits, new indexes and a new generation then appear. A search
that is under way keeps the files that it began with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tantivy

from civicmail.mail.search import coverage
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.linked import Groups
from civicmail.mail.search.schema import VERSION


@dataclass(slots=True)
class _Open:
    index: tantivy.Index
    stamp: tuple[int, int, int]


class Reader:
    """Opens what is there; raises NotIndexed where nothing was ever indexed or another version made it.

    generation: one to look at whatever is current.
    """

    def __init__(self, data: Path, generation: Path | None = None) -> None:
        self._data = data
        self._fixed = generation
        self._generation: Path | None = None
        self._open: dict[Path, _Open] = {}
        self.coverage = coverage.Coverage(VERSION)
        self.refresh()

    def refresh(self) -> None:
        """See what was committed since."""
        try:
            self._refresh(self._fixed or coverage.current(self._data))
        except DamagedIndex:
            if self._fixed or coverage.current(self._data) == self._generation:
                raise
            self._refresh(coverage.current(self._data))  # a rebuild has just removed the one that we were opening

    def _refresh(self, generation: Path | None) -> None:
        covered = coverage.load(generation) if generation else None
        if generation is None or covered is None:
            raise NotIndexed("Nothing is indexed here yet; “civicmail run” or “civicmail rebuild index” does it.")
        if covered.version != VERSION:
            raise NotIndexed("The index was made by another version of Civicmail; “civicmail rebuild index” makes it new.")
        if generation != self._generation:
            self._generation, self._open = generation, {}
        self.coverage = covered
        there = sorted(p.parent for p in generation.glob("*/*/meta.json"))
        self._open = {folder: self._opened(folder) for folder in there}

    def groups(self) -> Groups:
        """Which SHA-256 stand for one message, as of this moment."""
        return Groups(self._data)

    def searchers(self) -> list[tantivy.Searcher]:
        """One searcher per index, by class and year."""
        return [entry.index.searcher() for entry in self._open.values()]

    def _opened(self, folder: Path) -> _Open:
        entry = self._open.get(folder)
        try:
            status = (folder / "meta.json").stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if entry is None:
                index = tantivy.Index.open(str(folder))
                index.config_reader("manual")
                entry = _Open(index, stamp)
                index.reload()
            elif entry.stamp != stamp:
                entry.index.reload()
                entry.stamp = stamp
        except (ValueError, OSError) as error:
            raise DamagedIndex(f"The index {folder} cannot be opened ({error}); run “civicmail rebuild index”.") from error
        return entry
