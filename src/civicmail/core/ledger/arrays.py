"""Files that are arrays of fixed-width items: leaves, tree levels and indexes of the ledger (docs/formats.md, "Ledger")."""

from __future__ import annotations

import os
from pathlib import Path

from civicmail.core.disk.files import File, Files


def length(path: Path, width: int) -> int:
    """Number of whole items in the file; 0 if it is absent."""
    try:
        return path.stat().st_size // width
    except FileNotFoundError:
        return 0


def read(path: Path, width: int, index: int, count: int = 1) -> bytes:
    """`count` items from `index`, one after the other; fewer where the file ends."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        got = os.pread(fd, width * count, width * index)
    finally:
        os.close(fd)
    return got[: len(got) // width * width]


class ArrayFile:
    """The writing end. Nothing is durable before sync(); the first one syncs the file's entry in its folder too."""

    def __init__(self, path: Path, width: int, files: Files) -> None:
        self.path = path
        self._width = width
        self._files = files
        self._named = False  # a file that is there may have been made by a process that died before it synced the folder
        self._file: File | None = None

    def write(self, index: int, items: bytes) -> None:
        """Write items at index, over existing ones."""
        self._open().write_at(self._width * index, [items])

    def read(self, index: int, count: int = 1) -> bytes:
        """`count` items from `index`, as read()."""
        got = os.pread(self._open().fd, self._width * count, self._width * index)
        return got[: len(got) // self._width * self._width]

    def cut(self, count: int) -> None:
        """Leave only the first `count` items."""
        if self.path.exists() and self.path.stat().st_size > self._width * count:
            self._open().truncate(self._width * count)

    def sync(self) -> None:
        if self._file is None:
            return
        self._file.sync()
        if not self._named:
            self._files.sync_folder(self.path.parent)
            self._named = True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> File:
        if self._file is None:
            self._file = self._files.open(self.path, create=not self.path.exists())
        return self._file
