"""File operations: every write that must survive a power cut goes through Files and File.

Tests use this port to record each operation, cut the power between any two of them, fail one, or drop one sync. Reading needs no
port. Errors are the operating system's own (OSError); callers add their meaning.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_IOV_MAX = 512
_NO_DESCRIPTOR: dict[str, Any] = {"trackfd": False} if sys.hexversion >= 0x030D0000 else {}


class File:
    """An open file for writing at given offsets. Not safe for two threads at once."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        """Write all chunks one after the other from offset; return the offset behind them."""
        for start in range(0, len(chunks), _IOV_MAX):
            batch: list[bytes | memoryview] = list(chunks[start : start + _IOV_MAX])
            while batch:
                written = os.pwritev(self.fd, batch, offset)
                offset += written
                if written == sum(map(len, batch)):
                    break
                while batch and written >= len(batch[0]):
                    written -= len(batch.pop(0))
                if batch and written:
                    batch[0] = memoryview(batch[0])[written:]
        return offset

    def preallocate(self, size: int) -> None:
        """Reserve blocks so that later writes below size cannot fail for want of space; the file reads as zeros there."""
        os.posix_fallocate(self.fd, 0, size)

    def truncate(self, size: int) -> None:
        os.ftruncate(self.fd, size)

    def sync(self) -> None:
        """Return only when content and length are on stable storage."""
        os.fdatasync(self.fd)

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Files:
    """The operating system's files."""

    def __init__(self) -> None:
        self._durable: set[Path] = set()  # folders whose entry this process has synced

    def open(self, path: Path, *, create: bool = False) -> File:
        """Open for writing; create=True makes a new file (mode 0600) and fails where one exists."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0)
        return File(path, os.open(path, flags, 0o600))

    def rename(self, old: Path, new: Path) -> None:
        """Replace new by old in one step; durable after sync_folder of the folder of new."""
        old.rename(new)

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name; fails where new exists."""
        os.link(old, new)

    def unlink(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path, levels: int = 1) -> None:
        """Make a folder and its parents (mode 0700), each new entry durable.

        levels: number of folders, counted from the last, that are made durable once in this process even if they exist: another
        process may have made them and died before its sync. 0: for folders that every installation has durably since `init`.
        """
        todo: list[Path] = []
        while (len(todo) < levels and path not in self._durable) or not path.is_dir():
            todo.append(path)
            path = path.parent
        for folder in reversed(todo):
            self._make(folder)
            self.sync_folder(folder.parent)
            self._durable.add(folder)

    def _make(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)

    def sync_folder(self, path: Path) -> None:
        """Return only when the entries of a folder (creations, renames, removals) are on stable storage."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def replace(self, path: Path, content: bytes) -> None:
        """Write a whole small file so that a reader sees the old or the new content, now and after a power cut. Of several at once,
        threads or processes, each writes a whole one, and the last stays."""
        temporary = path.with_name(f".{path.name}.{threading.get_native_id()}")
        self.unlink(temporary)
        file = self.open(temporary, create=True)
        try:
            file.write_at(0, [content])
            file.sync()
            self.rename(temporary, path)
        except OSError:  # a full disk: threads come and go, and each would leave one
            self.unlink(temporary)
            raise
        finally:
            file.close()
        self.sync_folder(path.parent)

    def write_once(self, path: Path, content: bytes, mode: int = 0o600) -> None:
        """Write a whole small file unless it exists, durable on return. Of several concurrent writers the first wins. Its folder
        must be one that every installation has."""
        if path.exists():
            return
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        self.make_folder(path.parent, levels=0)
        file = self.open(temporary, create=True)
        try:
            file.write_at(0, [content])
            file.sync()
            temporary.chmod(mode)
            self.link(temporary, path)
            self.sync_folder(path.parent)
        except FileExistsError:
            pass
        finally:
            file.close()
            self.unlink(temporary)

    def secret(self, path: Path) -> bytes:
        """32 random bytes of this installation, created on first use (0600); the same for all concurrent callers. Raises
        OSError."""
        self.write_once(path, secrets.token_bytes(32))
        return path.read_bytes()


OS_FILES = Files()


def free_bytes(path: Path) -> int:
    """Bytes that this process may still write on the volume of path."""
    s = os.statvfs(path)
    return s.f_bavail * s.f_frsize


def map_of(fd: int) -> mmap.mmap:
    """A whole file, not empty, mapped to read from. Where Python can, the map holds no descriptor: hundreds may be open."""
    return mmap.mmap(fd, 0, access=mmap.ACCESS_READ, **_NO_DESCRIPTOR)


@contextmanager
def mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """A whole file, mapped into memory for reading; empty bytes for an empty file. Views of it must be released at the end."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        m = map_of(fd) if os.fstat(fd).st_size else None
    finally:
        os.close(fd)
    if m is None:
        yield b""
        return
    with m:
        yield m
