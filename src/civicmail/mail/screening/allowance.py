"""Limits on what scanning the files of one message may use. Beyond them nothing is unpacked, and a finding says so.

The limits are tighter than those of the search index (core/sandbox/budget.py), which must find every word: mail waits for this
scan, and a container that exceeds them is held for a person anyway.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.sandbox.budget import Budget
from civicmail.core.sandbox.errors import TOO_DEEP, TOO_LARGE, TOO_LONG, TOO_MANY, Spent, Unreadable

SECONDS = 2.5
"""Processor time for all files of a message: half of what reading the message may take (reader_pool.py)."""
DEPTH = 5
"""Containers inside one another, letters among them."""
ENTRIES = 2_000
"""Members of all containers of a message."""
RATIO = 100
"""Bytes that one byte of a container may expand to, above FLOOR."""
FLOOR = 16 << 20
MEMBER = 128 << 20
"""Bytes of one member: it is in memory while it is looked at."""
EXPANDED = 384 << 20
"""Bytes that all members together may expand to."""


class Allowance(Budget):
    """The limits of one message. Raises Spent when the message has used them up, Unreadable when one member exceeds them."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._deadline = clock() + seconds
        self._left = EXPANDED
        self._entries = ENTRIES
        self._openings = 2 * ENTRIES

    def tick(self) -> None:
        if self._clock() > self._deadline:
            raise Spent(TOO_LONG)

    def text(self, characters: int) -> None:
        self.tick()

    def member(self, depth: int) -> None:
        self._entries -= 1
        if self._entries < 0:
            raise Spent(TOO_MANY)
        if depth > DEPTH:
            raise Unreadable(TOO_DEEP)
        self.tick()

    def expand(self, size: int, packed: int = 0) -> None:
        self._openings -= 1
        if self._openings < 0:
            raise Spent(TOO_MANY)
        if size > MEMBER or (packed and size > FLOOR and size > RATIO * packed):
            raise Unreadable(TOO_LARGE)
        self._left -= size
        if self._left < 0:
            raise Spent(TOO_LARGE)
        self.tick()


class Within(Allowance):
    """The limits for one container of `size` bytes: everything unpacked from it must be in proportion to it."""

    def __init__(self, whole: Allowance, size: int) -> None:
        self._whole = whole
        self._size = size
        self._made = 0

    def tick(self) -> None:
        self._whole.tick()

    def member(self, depth: int) -> None:
        self._whole.member(depth)

    def expand(self, size: int, packed: int = 0) -> None:
        self._whole.expand(size, packed)
        self._made += size
        if self._made > FLOOR and self._made > RATIO * self._size:
            raise Unreadable(TOO_LARGE)
