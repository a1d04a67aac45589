"""Outstanding recipients for a process with frequent queries: the snapshot is read once, then only new journal records.

    view = OutstandingView(data)
    outstanding = view.now(ms)       Outstanding as of this moment; always the same object, to be read before the next call

Not safe for two threads at once; callers with several threads use a lock. Knows no Django.
"""

from __future__ import annotations

from pathlib import Path

from civicmail.core.disk import journal
from civicmail.core.disk.tail import Positions, Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.outstanding import Outstanding

TIDY_MS = 600_000
_TRIES = 3


class OutstandingView:
    """The projection of one data folder without the index of repeats, which takes 50 MB for a day's receipts."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._known = Outstanding(repeats=False)
        self._tail: Tail | None = None
        self._tidied = 0

    def now(self, at: int) -> Outstanding:
        """The state of everything durable at this moment. at: ms. Raises DamagedFile, OSError; the next call then starts over."""
        try:
            for _ in range(_TRIES):
                if not self._is_left_behind(self._caught_up()):
                    break
                self._tail = None  # files were sealed away between looking and reading
        except BaseException:
            self._tail = None
            raise
        if not 0 <= at - self._tidied < TIDY_MS:
            self._known.settle(at)
            self._tidied = at
        return self._known

    def _caught_up(self) -> Positions:
        """Apply new records; returns the positions before them."""
        if self._tail is None:
            self._known = outstanding_file.load(self._data, repeats=False)
            self._tail = Tail(self._data, self._known.positions, bodies=False)
        began = dict(self._tail.positions)
        while records := self._tail.poll():
            for record in records:
                self._known.apply(record)
        return began

    def _is_left_behind(self, positions: Positions) -> bool:
        """Whether journal files that were not read up to these positions were removed: then only the snapshot has their records."""
        top = journal.folder(self._data)
        return any(positions.get(name, 0) < journal.read_retired(top / name) for name in journal.names(self._data))
