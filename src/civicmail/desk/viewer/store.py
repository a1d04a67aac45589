"""The archive and the index for a process with several threads: opened once, refreshed before each use. Without Django.

    store = Store(data)
    place = store.archive().place(id_)          this thread's own view of the archive, of this moment
    page = search(store.reader(), tree)         the index of this moment; NotIndexed where there is none, or not of this version
    page = search(store.asked("ann"), typed)    the same for words of a person, which processes of their own look for (Store.apart)

An archive that is open serves one thread at a time, so each thread has its own, and leaves it to the next thread when it ends. The
index is one for all of them: open indexes are large.
"""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.errors import IndexFailed as IndexFailed
from civicmail.mail.search.errors import NotIndexed as NotIndexed
from civicmail.mail.search.finders import Finders, LimitedReader
from civicmail.mail.search.reader import Reader


class Store:
    """Safe for any number of threads. data: the folder of an installation."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._free: deque[Archive] = deque()
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._finders: Finders | None = None

    def archive(self) -> Archive:
        """This thread's archive, as of now. Do not pass it to another thread."""
        held: _Held | None = getattr(self._mine, "held", None)
        if held is None:
            held = self._mine.held = _Held(self._free, self._taken())
        else:
            held.archive.refresh()
        return held.archive

    def reader(self) -> Reader:
        """The index as of now; what was committed later is in the next one. Raises NotIndexed, DamagedIndex."""
        with self._lock:
            if self._reader is None:
                self._reader = Reader(self.data)
            else:
                self._reader.refresh()
            return self._reader.still()

    def apart(self) -> None:
        """From now on what people type is looked for by other processes: what serves pages to many calls it once."""
        self._finders = Finders(self.data)

    def reader_for(self, whose: str, *, whole: bool = False) -> Reader:
        """The index as of now, for one page of this person. whole: raise NotFinished rather than answer a part. Raises NotIndexed,
        DamagedIndex."""
        still = self.reader()
        return still if self._finders is None else LimitedReader(still, self._finders, whose, whole=whole)

    def _taken(self) -> Archive:
        """An archive left by an ended thread, else a new one."""
        try:
            archive = self._free.pop()
        except IndexError:
            return Archive(self.data)
        archive.refresh()
        return archive


class _Held:
    """A thread's archive; returned when the thread has ended."""

    def __init__(self, free: deque[Archive], archive: Archive) -> None:
        self._free = free
        self.archive = archive

    def __del__(self) -> None:
        self._free.append(self.archive)
