"""Wait for changes of the data folder, with inotify(7): records that became durable, published files, and changed tables, for each
of which a commit touches a file (`note`).

Waiting processes also poll from time to time, because inotify misses changes by another machine on a network file system.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from civicmail.core.disk import journal

_MODIFY, _ATTRIB, _MOVED_TO, _CREATE, _IGNORED = 0x2, 0x4, 0x80, 0x100, 0x8000
_FOLDER_MASK = _ATTRIB | _MOVED_TO | _CREATE
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name
_BUFFER_BYTES = 1 << 16


def folder(data: Path) -> Path:
    """The folder with an empty file for each table that a job waits for."""
    return data / "wakeups"


def note(data: Path, name: str) -> None:
    """Wake processes that wait for this name. Never fails, because they also poll."""
    path = folder(data) / name
    with suppress(OSError):
        try:
            os.utime(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600)


class Changes:
    """Watches the journals and some folders. Raises OSError where the kernel gives no watch. One thread at a time."""

    def __init__(self, data: Path, folders: Iterable[Path] = ()) -> None:
        self._data = data
        self._folders = tuple(folders)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "inotify is not available")
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._paths: dict[int, Path] = {}
        self._watches: dict[Path, int] = {}
        self._add_new()

    def fileno(self) -> int:
        """A descriptor that can be read when something has changed."""
        return int(self._fd)

    def wait(self, seconds: float) -> set[Path]:
        """The changed paths, or none when the time is over: `durable` of a journal, a file in one of the folders, a new journal."""
        return self.read() if self._poll.poll(seconds * 1000) else self._add_new()

    def read(self) -> set[Path]:
        """The paths that have changed since the last call, without waiting."""
        with suppress(BlockingIOError):
            changed = set(self._decoded(os.read(self._fd, _BUFFER_BYTES)))
            return changed | self._add_new() if journal.folder(self._data) in {path.parent for path in changed} else changed
        return set()

    def _add_new(self) -> set[Path]:
        """Watch what was not there before. Returns it: it may have changed before it was watched."""
        top = journal.folder(self._data)
        durable = [top / name / "durable" for name in journal.names(self._data)]
        return {
            path
            for path, mask in (*((p, _MODIFY) for p in durable), (top, _CREATE), *((f, _FOLDER_MASK) for f in self._folders))
            if path not in self._watches and self._add(path, mask)
        }

    def _add(self, path: Path, mask: int) -> bool:
        watch = self._libc.inotify_add_watch(self._fd, os.fsencode(path), mask)
        if watch < 0:
            if (number := ctypes.get_errno()) == errno.ENOENT:
                return False
            raise OSError(number, os.strerror(number), str(path))
        self._watches[path], self._paths[watch] = watch, path
        return True

    def _decoded(self, events: bytes) -> Iterator[Path]:
        offset = 0
        while offset < len(events):
            watch, mask, _, length = _EVENT.unpack_from(events, offset)
            name = events[offset + _EVENT.size : offset + _EVENT.size + length].rstrip(b"\0")
            offset += _EVENT.size + length
            path = self._paths.get(watch)
            if path is not None and mask & _IGNORED:  # it was removed
                del self._watches[path], self._paths[watch]
            elif path is not None:
                yield path / os.fsdecode(name) if name else path

    def close(self) -> None:
        os.close(self._fd)
