"""Whether a volume has free space, for work that can wait: the rest is reserved for mail that was already accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.core.disk.files import free_bytes


class Room:
    """place: a folder on the volume, or one that will be; least: bytes that must stay free there, 0: nobody minds; free: bytes that
    may still be written on the volume of a path, FileNotFoundError where there is no such path."""

    def __init__(self, place: Path, least: int, free: Callable[[Path], int] = free_bytes) -> None:
        self._place = place
        self._free = free
        self.least = least

    def has(self, size: int = 0) -> bool:
        """Whether so many bytes leave untouched what must stay free. HOT: asked for each message of an import."""
        return self.least <= 0 or self._free_at(self._place) - size >= self.least

    def _free_at(self, place: Path) -> int:
        """At a place, or at what is above it while there is none."""
        try:
            return self._free(place)
        except (FileNotFoundError, NotADirectoryError):
            if place == place.parent:
                raise
            return self._free_at(place.parent)
