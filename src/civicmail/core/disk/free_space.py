"""Whether a volume has free space, for work that can wait: the rest is reserved for mail that was already accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.core.disk.files import free_bytes


class Room:
    """place: a folder on the volume, or one that will be created; least: bytes that must stay free there, 0 for no limit; free:
    returns the bytes that may still be written on the volume of a path, or raises FileNotFoundError for a missing path."""

    def __init__(self, place: Path, least: int, free: Callable[[Path], int] = free_bytes) -> None:
        self._place = place
        self._free = free
        self.least = least

    def has(self, size: int = 0) -> bool:
        """Whether writing so many bytes leaves enough free space. HOT: called for each message of an import."""
        return self.least <= 0 or self._free_at(self._place) - size >= self.least

    def _free_at(self, place: Path) -> int:
        """Free bytes at a place, or at its nearest existing parent."""
        try:
            return self._free(place)
        except (FileNotFoundError, NotADirectoryError):
            if place == place.parent:
                raise
            return self._free_at(place.parent)
