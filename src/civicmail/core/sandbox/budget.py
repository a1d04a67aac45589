"""What reading one file may use up, whatever the file says of itself. There is no limit to the text of an honest file."""

from __future__ import annotations

import time
from collections.abc import Callable

from civicmail.core.sandbox.errors import TOO_DEEP, TOO_LARGE, TOO_LONG, TOO_MANY, Spent, Unreadable

SECONDS = 20
"""For a whole file; a report of 5,000 pages takes three."""

TEXT = 512 << 20
"""Characters: more than any file that fits into a message honestly says, so what is beyond is made by repetition."""

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
    """Counts down; what is used up raises Spent, what only one member is too large or too deep for raises Unreadable."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + seconds
        self._text = TEXT
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
