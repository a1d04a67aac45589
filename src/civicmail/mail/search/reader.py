"""Read all indexes of the current generation, in any process and without a lease.

A Reader that lives long calls refresh() before each search: new commits, new indexes and a new generation then appear. A search
that is under way keeps the files that it began with.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import tantivy

from civicmail.core.query.tree import Tree
from civicmail.mail.search import coverage
from civicmail.mail.search.coverage import Key
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.index import index_folder
from civicmail.mail.search.message_forms import MessageForms
from civicmail.mail.search.schema import VERSION

MERGES_MOST = 5
"""Merges that may end while one index is opened; nobody is so fast."""


@dataclass(slots=True)
class _Open:
    index: tantivy.Index
    stamp: tuple[int, int, int]


class Elsewhere(Protocol):
    """Asks another process for what search(), count() and listed() do here."""

    def ask[T](self, verb: str, tree: Tree, nothing: T, **options: Any) -> T:
        """nothing: the answer where there is none."""


class Reader:
    """Opens the indexes that exist; raises NotIndexed if none exists or another version wrote them.

    generation: the one to read, else the current one. without: indexes to leave out.
    """

    cut = ""
    """Why what was answered is not all that there is (finders.py)."""

    def __init__(self, data: Path, generation: Path | None = None, without: frozenset[Key] = frozenset()) -> None:
        self._data = data
        self._without = without
        self._fixed = generation
        self._generation: Path | None = None
        self._open: dict[Path, _Open] = {}
        self._still: list[tantivy.Searcher] | None = None
        self.coverage = coverage.Coverage(VERSION)
        self.refresh()

    def refresh(self) -> None:
        """See what was committed since."""
        try:
            self._refresh(self._fixed or coverage.current(self._data))
        except DamagedIndex:
            if self._fixed or coverage.current(self._data) == self._generation:
                raise
            self._refresh(coverage.current(self._data))  # a rebuild has just removed the generation that we were opening

    def _refresh(self, generation: Path | None) -> None:
        covered = coverage.load(generation) if generation else None
        if generation is None or covered is None:
            raise NotIndexed("Nothing is indexed here yet; “civicmail run” or “civicmail rebuild index” does it.")
        if covered.version != VERSION:
            raise NotIndexed("The index was made by another version of Civicmail; “civicmail rebuild index” makes it new.")
        if generation != self._generation:
            self._generation, self._open = generation, {}
        self.coverage = covered
        if lost := sorted(p.parent for p in generation.glob("*/*/*.store") if not (p.parent / "meta.json").exists()):
            raise DamagedIndex(f"The index {lost[0]} has lost its meta.json; run “civicmail rebuild index”.")
        without = {index_folder(generation, *key) for key in self._without}
        folders = sorted(p.parent for p in generation.glob("*/*/meta.json") if p.parent not in without)
        self._open = {folder: self._opened(folder) for folder in folders}

    def elsewhere(self, tree: Tree) -> Elsewhere | None:
        """The process that searches instead of this one: None, except in finders.py."""
        return None

    def groups(self) -> MessageForms:
        """The SHA-256 that are the same message at this moment."""
        return MessageForms(self._data)

    def searchers(self) -> list[tantivy.Searcher]:
        """One searcher per index, by class and year."""
        return [entry.index.searcher() for entry in self._open.values()] if self._still is None else self._still

    def still(self) -> Reader:
        """A frozen view of this moment, for several searches in any thread; it is never refreshed."""
        frozen = copy.copy(self)
        frozen._still = self.searchers()
        return frozen

    def _opened(self, folder: Path) -> _Open:
        """The index, as of now. Files that a merge has removed while we opened them were those of the commit before."""
        entry, tries = self._open.get(folder), 0
        while True:
            stamp = (0, 0, 0)
            try:
                stamp = _stamp(folder)
                if entry is None:
                    index = tantivy.Index.open(str(folder))
                    index.config_reader("manual")
                    index.reload()
                    return _Open(index, stamp)
                if entry.stamp != stamp:
                    entry.index.reload()
                    entry.stamp = stamp
                return entry
            except (ValueError, OSError) as error:
                tries += 1
                if tries > MERGES_MOST or not (folder / "meta.json").exists() or _stamp(folder) == stamp:
                    raise DamagedIndex(f"The index {folder} cannot be opened ({error}); run “civicmail rebuild index”.") from error


def _stamp(folder: Path) -> tuple[int, int, int]:
    """The commit that an index is at."""
    status = (folder / "meta.json").stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
