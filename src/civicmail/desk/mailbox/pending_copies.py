"""Which mail still waits or is held, for a process with several threads: the projection of the journals, kept up with them.

    waiting = Waiting(data)
    waiting.look(now)                    once for each page: takes in what is new
    waiting.entry(id_)                   the copies of a capture that are not finished, None when it has none

It only says in words how things stand; what may be shown is never decided by it. Knows no Django.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.copies import Copy as Kept
from civicmail.mail.archive.outstanding import Entry, Outstanding
from civicmail.mail.archive.outstanding_view import OutstandingView

log = get_logger()


@dataclass(frozen=True, slots=True)
class PendingCopy:
    """One recipient's copy that has no end yet, or was taken back. address: lower case; held: kept back until a person decides;
    do: as it was decided last; again: tried before, and to be tried again at this time (ms, 0 for at once)."""

    address: str
    held: bool
    do: str
    tries: int
    again: int


class PendingCopies:
    """Safe for any number of threads."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._followed = OutstandingView(data)
        self._state = Outstanding()

    def refresh(self, now: int) -> bool:
        """Take in what is new. False where it cannot be told how things stand, because the snapshot is damaged. now: ms."""
        with self._lock:
            try:
                self._state = self._followed.now(now)
            except (DamagedFile, OSError) as error:
                log.warning("waiting.unknown", error=type(error).__name__)
                self._state = Outstanding()
                return False
            return True

    def copies(self, id_: bytes) -> tuple[PendingCopy, ...]:
        """Of one capture, those that are not finished."""
        with self._lock:
            entry = self._state.entries.get(id_)
            return _copies(entry) if entry is not None else ()

    def ids_for(self, boxes: Collection[str], *, held: bool, limit: int) -> list[bytes]:
        """Ids of captures with copies that wait (held: are held) and were sent from, or are for, one of these addresses; the newest
        first. What the sender's address says is not evidence: whoever asks narrows this to what is somebody's own."""
        with self._lock:
            entries = chain(self._state.held(), self._state.pulled()) if held else self._state.waiting()
            ids = {e.id for e in entries if e.sender.lower() in boxes or any(_is_for(c, boxes) for c in e.copies.values())}
        return sorted(ids, reverse=True)[:limit]

    def removed_ids(self, boxes: Collection[str]) -> frozenset[str]:
        """Ids (32 digits) of captures whose copy for one of these addresses was delivered and is taken back."""
        with self._lock:
            pulled = ((e.id, c) for e in self._state.pulled() for c in e.copies.values() if c.is_pulled)
            return frozenset(id_.hex() for id_, copy in pulled if _is_for(copy, boxes))

    def are_ahead_of(self, positions: Mapping[str, int]) -> bool:
        """Whether journals have durable records behind these positions: of an index that is not up with them."""
        top = journal.folder(self._data)
        return any(journal.read_durable(top / name) > positions.get(name, 0) for name in journal.names(self._data))

    def count_held(self, boxes: Collection[str]) -> int:
        """How many captures have a copy that is held: one for these addresses, or one that they sent, signed in."""
        with self._lock:
            return sum(
                (e.kind == "submission" and e.sender.lower() in boxes)
                or any(c.is_held and _is_for(c, boxes) for c in e.copies.values())
                for e in self._state.held()
            )


def _is_for(copy: Kept, boxes: Collection[str]) -> bool:
    return copy.address.lower() in boxes


def _copies(entry: Entry) -> tuple[PendingCopy, ...]:
    open_ = [c for _, c in sorted(entry.copies.items()) if c.is_pulled or (entry.seen and (c.is_held or c.is_waiting))]
    return tuple(PendingCopy(c.address.lower(), c.is_held or c.is_pulled, c.now, c.tries, c.due) for c in open_)
