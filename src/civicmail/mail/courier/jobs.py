"""A job (one capture with its recipients at one next hop), and the queue of a hop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.courier.hops import Hop

_PROBE_FIRST_MS = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """tries: index of each recipient to the number of this attempt; open: those of them of which an earlier attempt may
    have no outcome.

    doubtful: an earlier process, or an earlier try, may have delivered to a mailbox without leaving a record.
    """

    entry: Entry
    hop: Hop
    tries: dict[int, int]
    open: frozenset[int]
    doubtful: bool

    @property
    def keys(self) -> list[tuple[bytes, int]]:
        return [(self.entry.id, index) for index in self.tries]


class Lane:
    """Captures that are due at one next hop, in order, and its health: a hop that is down is probed, and the probe counts as a try
    of no message."""

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self.workers = 0
        self.idle = 0  # workers that keep a connection open for the next message
        self.failures = 0
        self.down_until = 0
        self.reason = ""
        self.arrived = asyncio.Event()
        self._queue: deque[bytes] = deque()
        self._queued: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, id_: bytes, *, first: bool = False) -> None:
        """Queue a capture; once is enough."""
        if id_ not in self._queued:
            self._queued.add(id_)
            (self._queue.appendleft if first else self._queue.append)(id_)

    def next(self) -> bytes | None:
        """Take the first capture out of the queue."""
        if not self._queue:
            return None
        id_ = self._queue.popleft()
        self._queued.discard(id_)
        return id_

    def waiting(self) -> list[bytes]:
        return list(self._queue)

    def went_down(self, reason: str, now: int, longest: int) -> bool:
        """The hop cannot be used: look again in 1, 2, 4 … at most `longest` seconds. True when it was up before."""
        was_up = not self.failures
        self.failures += 1
        self.reason = reason
        self.down_until = now + min(_PROBE_FIRST_MS << min(self.failures - 1, 20), longest * 1000)
        return was_up

    def is_down(self, now: int, longest: int) -> bool:
        """Whether it is too early to look again. A clock that was set back does not make the wait longer than it can be."""
        return now < self.down_until <= now + longest * 1000

    def came_up(self) -> bool:
        """The hop answers. True when it was down before."""
        was_down, self.failures, self.down_until, self.reason = bool(self.failures), 0, 0, ""
        return was_down
