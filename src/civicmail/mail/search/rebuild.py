"""Rebuild the index: make a new generation from the archive beside the current one, then swap it in by one rename.

Captures from before the start come from the archive; later ones come from the journals and are added to both generations. The head
of a receipt names its journal and number, so each capture has exactly one of the two sources. Captures that were sealed and removed
from a journal come from the archive in any case. An interrupted rebuild continues: captures that the new generation contains are
not parsed again. At the end the rebuild checks the membership of every capture of the archive, to add those that were sealed or
damaged meanwhile.

After a disposal only the indexes with words of disposed captures are rebuilt; the others are linked from the old generation.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import batched
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Positions
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine, Stored
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import coverage, leftovers
from civicmail.mail.search.counts import missing
from civicmail.mail.search.coverage import Key
from civicmail.mail.search.documents import document_of, without_body
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.index import BULK_HEAP, Indexes, index_folder, year_of
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import VERSION

log = get_logger()
AT_ONCE = 100  # captures in one slice
AT_ONCE_BY_ID = 1000
BEGAN = "began"  # an empty file in the new generation: when the rebuild began


class Rebuild:
    """A rebuild: call slice() until it is done, then swap(). positions: where this generation starts to read the journals. only:
    indexes to rebuild, None for all. folder: the generation that an interrupted rebuild has left, to continue it."""

    def __init__(
        self,
        data: Path,
        positions: Positions,
        files: Files = OS_FILES,
        only: frozenset[Key] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._files = files
        self.folder = folder or next_folder(data)
        known = coverage.load(self.folder)
        self.coverage = known or coverage.Coverage(VERSION, dict(positions), start_of(data, positions), only=only)
        self.only = self.coverage.only
        self._years = frozenset(year for _, year in self.only) if self.only is not None else None
        if known is not None and self.only is not None:  # a swap that was cut short leaves indexes that are not whole
            leftovers.let_go(self.folder, {index_folder(self.folder, *key) for key in self.only})
        if known is None:
            files.make_folder(self.folder)
            files.replace(self.folder / BEGAN, b"")
            coverage.save(self.folder, self.coverage, files)
        self.start: Positions = self.coverage.start or {}
        self.indexes = Indexes(self.folder, heap=BULK_HEAP, files=files)
        self.seen = 0
        self._data = data
        self._machine = Machine(data)
        self._extracts = Extracts(data)
        self._look = self._extracts.touched
        self.total = self._machine.count()
        self._gone: dict[str, bool] = {}
        self._before = Reader(data, self.folder) if known else None
        self._slices = self._all()

    def slice(self) -> tuple[int, int] | None:
        """Take in some captures: how many, and of how many bytes; None when there are no more."""
        return next(self._slices, None)

    def _all(self) -> Iterator[tuple[int, int]]:
        for some in batched(self._machine.all_captures(_damaged, self._years), AT_ONCE):
            self.seen += len(some)
            yield len(some), self._take(some)
        self.indexes.commit()
        readers = [Reader(self._data, self.folder)]
        if self.only is not None:  # the classes of these years that stay as they are
            readers.append(Reader(self._data, without=self.only))
        for ids in batched(Machine(self._data).ids(self._years), AT_ONCE_BY_ID):
            for reader in readers:
                ids = tuple(missing(reader, ids))
            yield 0, sum(self._take_one(id_) for id_ in ids)

    def _take(self, some: tuple[Stored, ...]) -> int:
        missing_ids = set(missing(self._before, [s.id for s in some])) if self._before else {s.id for s in some}
        size = 0
        for stored in some:
            if stored.id in missing_ids:
                capture = Capture.from_head(stored.head)
                if self._is_ours(capture):
                    self.indexes.add(document_of(capture, stored.body, look=self._look), replay=False)
                    size += len(stored.body)
        return size

    def _take_one(self, id_: bytes) -> int:
        try:
            capture = self._machine.capture(id_)
        except (DamagedFile, NotInArchive) as error:
            _damaged(error)
            return 0
        if not self._is_ours(capture):
            return 0
        try:
            documented = document_of(capture, self._machine.body(id_), look=self._look)
        except (DamagedFile, NotInArchive):
            documented = without_body(capture)
        self.indexes.add(documented, replay=False)
        return capture.size

    def _is_ours(self, capture: Capture) -> bool:
        """Whether a capture comes from the archive: it is older than the start, or its journal no longer exists. The others come
        from the journals."""
        name = capture.journal
        if name not in self.start and name not in self._gone:
            self._gone[name] = not (journal.folder(self._data) / name).is_dir()
        is_before = capture.number <= self.start.get(name, 0) or self._gone.get(name, False)
        return self.makes(capture.class_, capture.received) and is_before

    def makes(self, class_: str, received: int) -> bool:
        """Whether this rebuild makes the index of such a capture."""
        return self.only is None or (class_, year_of(received)) in self.only

    def commit(self, positions: Positions) -> None:
        self.indexes.commit()
        self.coverage.journals = dict(positions)
        coverage.save(self.folder, self.coverage, self._files)

    def swap(self, positions: Positions) -> None:
        """From now on this generation is searched; the others are removed. The old one is committed, its writers closed."""
        self.indexes.commit()
        if self.only is not None and (old := coverage.current(self._data)):
            leftovers.keep(old, self.folder, {index_folder(old, *key) for key in self.only}, self._files)
        self.coverage.start = self.coverage.only = None
        self.commit(positions)
        coverage.make_current(self.folder, self._files)
        if self.only is None:
            self._extracts.sweep((self.folder / BEGAN).stat().st_mtime)
        leftovers.forget_files(self._data)
        tidy(self._data, {self.folder})

    def close(self) -> None:
        self.indexes.close()


def start_of(data: Path, positions: Positions) -> Positions:
    """Up to which number of each journal records come from the archive: those that were read, and those that were sealed and can
    be read from it no more. positions: up to which each was read."""
    top = journal.folder(data)
    return {name: max(positions.get(name, 0), journal.read_retired(top / name)) for name in {*positions, *journal.names(data)}}


def _damaged(error: Exception) -> None:
    log.error("rebuild.damaged", problem=str(error))


def tidy(data: Path, kept: set[Path]) -> None:
    """Remove other generations, left by a swap or by a rebuild that cannot continue."""
    for generation in generations(coverage.top(data)):
        if generation not in kept:
            shutil.rmtree(generation, ignore_errors=True)


def generations(top: Path) -> list[Path]:
    """The generations that lie in an index folder, oldest first."""
    folders = [p for p in top.iterdir() if p.name.isdigit() and p.is_dir()] if top.is_dir() else []
    return sorted(folders, key=lambda p: int(p.name))


def next_folder(data: Path) -> Path:
    existing = generations(coverage.top(data))
    return coverage.top(data) / str(int(existing[-1].name) + 1 if existing else 1)


def unfinished(data: Path, *, whole: bool) -> Path | None:
    """A generation of this version that an interrupted rebuild has left. whole: only one that makes all indexes."""
    for folder in reversed(generations(coverage.top(data))):
        if folder != coverage.current(data) and _can_go_on(folder, whole):
            return folder
    return None


def _can_go_on(folder: Path, whole: bool) -> bool:
    try:
        saved = coverage.load(folder)
    except DamagedIndex:
        return False
    return saved is not None and saved.version == VERSION and saved.start is not None and not (whole and saved.only is not None)
