"""One budget for everything that is read of a file, independent of what the file declares."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from civicmail.core.archives.errors import TOO_DEEP, TOO_LARGE, TOO_LONG, TOO_MANY, Spent, Unreadable

NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Limits:
    """seconds: of the processor; depth: containers inside one another, messages among them; members: of all containers; listed: of
    one container; openings: of members; member: bytes of one, which is in memory while it is read; expanded: bytes of all; ratio:
    bytes that come of one packed byte, above ratio_free; characters: of text."""

    seconds: float = NO_LIMIT
    depth: int = NO_LIMIT
    members: int = NO_LIMIT
    listed: int = NO_LIMIT
    openings: int = NO_LIMIT
    member: int = NO_LIMIT
    expanded: int = NO_LIMIT
    ratio: int = NO_LIMIT
    ratio_free: int = NO_LIMIT
    characters: int = NO_LIMIT


UNLIMITED = Limits()


class Budget:
    """Count down the limits. An exhausted budget raises Spent; a single member that is too large or too deep raises Unreadable.
    seconds: instead of the limit's."""

    def __init__(
        self, limits: Limits = UNLIMITED, seconds: float | None = None, clock: Callable[[], float] = time.process_time
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._deadline = clock() + (limits.seconds if seconds is None else seconds)
        self._characters = limits.characters
        self._expanded = limits.expanded
        self._members = limits.members
        self._openings = limits.openings

    def tick(self) -> None:
        """Call it in every loop that the file decides the length of."""
        if self._clock() > self._deadline:
            raise Spent(TOO_LONG)

    def text(self, characters: int) -> None:
        self._characters -= characters
        if self._characters < 0:
            raise Spent(TOO_LARGE)
        self.tick()

    def member(self, depth: int) -> None:
        """Count one more member, at this depth."""
        self._members -= 1
        if self._members < 0:
            raise Spent(TOO_MANY)
        if depth > self.limits.depth:
            raise Unreadable(TOO_DEEP)
        self.tick()

    def opening(self) -> None:
        """Count the opening of a member, possibly a repeated one."""
        self._openings -= 1
        if self._openings < 0:
            raise Spent(TOO_MANY)

    def expand(self, size: int, packed: int = 0) -> None:
        """Count the expansion of a member to `size` bytes. packed: its compressed bytes, 0 if unknown."""
        limits = self.limits
        if size > limits.member or (packed and size > limits.ratio_free and size > limits.ratio * packed):
            raise Unreadable(TOO_LARGE)
        self._expanded -= size
        if self._expanded < 0:
            raise Spent(TOO_LARGE)
        self.tick()


class Within(Budget):
    """The same budget for one container of `size` bytes: everything unpacked from it must be in proportion to it."""

    def __init__(self, whole: Budget, size: int) -> None:
        self.limits = whole.limits
        self._whole = whole
        self._most = max(whole.limits.ratio_free, whole.limits.ratio * size)

    def tick(self) -> None:
        self._whole.tick()

    def text(self, characters: int) -> None:
        self._whole.text(characters)

    def member(self, depth: int) -> None:
        self._whole.member(depth)

    def opening(self) -> None:
        self._whole.opening()

    def expand(self, size: int, packed: int = 0) -> None:
        self._whole.expand(size, packed)
        self._most -= size
        if self._most < 0:
            raise Unreadable(TOO_LARGE)
