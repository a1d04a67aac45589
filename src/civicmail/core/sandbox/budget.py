"""Limits for reading one file, independent of what the file declares. The text of an honest file is never cut."""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.sandbox.errors import TOO_DEEP, TOO_LARGE, TOO_LONG, TOO_MANY, Spent, Unreadable

SECONDS = 20
"""Of the processor, for a whole file; a report of 5,000 pages takes three. Waiting on a busy machine does not count."""

TEXT_RATIO = 200
"""Characters that come of one byte of the file: packed logs come to 50, what is beyond is made by repetition."""

TEXT_FREE, TEXT_MOST = 16 << 20, 256 << 20
"""Characters that any file may say, and that no file does: the second is what the index can take at a time."""

EXPANDED = 2 << 30
"""Bytes that all members of all archives in a file may expand to."""

MEMBER = 256 << 20
"""Bytes of one member: it is in memory while it is read."""

RATIO = 1000
"""Bytes that come of one byte: deflate ends at 1,032, and a member above RATIO_FREE that comes near it says nothing."""

RATIO_FREE = 16 << 20
MEMBERS = 10_000
DEPTH = 8
"""An archive inside an archive, a letter inside it, and so on."""


class Budget:
    """Count down the limits. An exhausted budget raises Spent; a single member that is too large or too deep raises Unreadable.
    size: bytes of the file; seconds: by the clock."""

    def __init__(self, size: int = 0, seconds: float = SECONDS, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._deadline = clock() + seconds
        self._text = min(TEXT_MOST, max(TEXT_FREE, TEXT_RATIO * size))
        self._expanded = EXPANDED
        self._members = MEMBERS

    def tick(self) -> None:
        """Call it in every loop that the file decides the length of."""
        if self._clock() > self._deadline:
            raise Spent(TOO_LONG)

    def text(self, characters: int) -> None:
        self._text -= characters
        if self._text < 0:
            raise Spent(TOO_LARGE)
        self.tick()

    def member(self, depth: int) -> None:
        """One more member, at this depth."""
        self._members -= 1
        if self._members < 0:
            raise Spent(TOO_MANY)
        if depth > DEPTH:
            raise Unreadable(TOO_DEEP)
        self.tick()

    def expand(self, size: int, packed: int = 0) -> None:
        """A member is about to expand to `size` bytes. packed: bytes that it takes, 0 where that is not known."""
        if size > MEMBER or (packed and size > RATIO_FREE and size > RATIO * packed):
            raise Unreadable(TOO_LARGE)
        self._expanded -= size
        if self._expanded < 0:
            raise Spent(TOO_LARGE)
        self.tick()
