"""Copies that wait or are held, from the projection of the journals. Safe for several threads. Knows no Django.

    pending = PendingCopies(data)
    pending.refresh(now)                 once for each page: process new records
    pending.copies(id_)                  the copies of a capture that are not final

It only gives states for display; it never decides what may be shown.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
    """One recipient's copy that is not final, or was removed. address: lower case; held: until a person decides; do: the last
    decision; again: time of the next attempt after a failed one (ms, 0 for immediately)."""

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
        """Process new records. False if the state is unknown, because the snapshot is damaged. now: ms."""
        with self._lock:
            try:
                self._state = self._followed.now(now)
            except (DamagedFile, OSError) as error:
                log.warning("waiting.unknown", error=type(error).__name__)
                self._state = Outstanding()
                return False
            return True

    def copies(self, id_: bytes) -> tuple[PendingCopy, ...]:
        """Copies of one capture that are not final."""
        with self._lock:
            entry = self._state.entries.get(id_)
            return _copies(entry) if entry is not None else ()

    def ids_for(self, boxes: Collection[str], *, stand: str, limit: int) -> list[bytes]:
        """Ids of captures, newest first, with copies that are waiting, held or removed, sent from or to one of these
        addresses. A sender address is no evidence: the caller restricts this to the person's own mail."""
        with self._lock:
            entries = {"held": self._state.held, "removed": self._state.pulled}.get(stand, self._state.waiting)
            ids = {e.id for e in entries() if e.sender.lower() in boxes or any(_is_for(c, boxes) for c in e.copies.values())}
        return sorted(ids, reverse=True)[:limit]

    def removed_ids(self, boxes: Collection[str]) -> frozenset[str]:
        """Ids (32 digits) of captures whose delivered copy for one of these addresses was removed."""
        with self._lock:
            pulled = ((e.id, c) for e in self._state.pulled() for c in e.copies.values() if c.is_pulled)
            return frozenset(id_.hex() for id_, copy in pulled if _is_for(copy, boxes))

    def are_ahead_of(self, positions: Mapping[str, int]) -> bool:
        """Whether journals have durable records after these positions of an index."""
        top = journal.folder(self._data)
        return any(journal.read_durable(top / name) > positions.get(name, 0) for name in journal.names(self._data))

    def count_held(self, boxes: Collection[str]) -> int:
        """Number of captures with a held copy for these addresses, or with a held copy that they sent while signed in."""
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
