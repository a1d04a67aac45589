"""Tables that one process publishes as a file, and others hold in memory.

    RULES = Published("policy/active.toml", "the rule set", encode, decode)   a declaration
    RULES.write(data, rules)                 durable on return
    RULES.watch(data).poll()                 in each process that reads it

A reader keeps the last valid value: a damaged or missing file changes nothing, and is logged.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files

POLL_MS = 250
"""ms between two checks of a file."""
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, IndexError, DamagedFile)
"""Exceptions of reading a damaged file."""
LAST_GOOD = "the last one stays in force"
log = get_logger()

Stamp = tuple[int, int, int]
"""Inode, modification time in ns and size."""


def file_stamp(stat: os.stat_result) -> Stamp:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


class OpenFile:
    """A file that was read, held open while it is current, so that no other file gets its inode."""

    _fd = -1

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.stamp = file_stamp(os.fstat(self._fd))

    def read(self, start: int = 0) -> bytes:
        """The content from this offset on."""
        return os.pread(self._fd, max(0, os.fstat(self._fd).st_size - start), start)

    def __del__(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)


class Watched[T]:
    """The last good value of a file that another process replaces. One thread at a time.

    value: None until one was read; error: why the present file was not taken, or ""; is_there: whether a file is there;
    was_there: whether one ever was.
    """

    def __init__(
        self, path: Path, what: str, load: Callable[[OpenFile], T], *, every: int = POLL_MS, meanwhile: str = LAST_GOOD
    ) -> None:
        self.path = path
        self._what = what
        self._meanwhile = meanwhile
        self._load = load
        self._every = every
        self._polled_at = -every
        self._held: OpenFile | None = None
        self.value: T | None = None
        self.error = ""
        self.is_there = self.was_there = False

    def current(self, now: int) -> T | None:
        """The value, after a look if the last one is POLL_MS ago. now: epoch ms."""
        if not 0 <= now - self._polled_at < self._every:
            self._polled_at = now
            self.poll()
        return self.value

    def poll(self) -> bool:
        """Look at the file. Returns whether there is another value. A file that could not be opened or read is tried again."""
        try:
            stamp = file_stamp(self.path.stat())
            self.is_there = self.was_there = True
            if self._held is not None and self._held.stamp == stamp:
                return False
            file = OpenFile(self.path)
            try:
                self.value = self._load(file)
            except DAMAGE as error:
                self._held = file
                return self._failed(error)
        except FileNotFoundError:
            if self.is_there:
                log.error(f"{self._what} is gone, {self._meanwhile}")
            self._held, self.is_there = None, False
            return False
        except OSError as error:
            self.was_there = True
            return self._failed(error)
        self._held, self.error = file, ""
        return True

    def _failed(self, error: Exception) -> bool:
        self.error = str(error) or type(error).__name__
        log.error(f"{self._what} cannot be read, {self._meanwhile}", error=self.error)
        return False


@dataclass(frozen=True, slots=True)
class Published[T]:
    """The declaration of a table. name: its path below the data folder; what: its name in the log; meanwhile: what applies while
    the file is damaged or missing, for the log. decode raises one of DAMAGE for bytes that encode did not make."""

    name: str
    what: str
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    meanwhile: str = LAST_GOOD

    def path(self, data: Path) -> Path:
        return data / self.name

    def write(self, data: Path, value: T, files: Files = OS_FILES) -> bool:
        """Replace the file; durable on return. False where the same bytes are there. Raises OSError."""
        path, content = self.path(data), self.encode(value)
        if path.exists() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
        files.make_folder(path.parent)
        files.replace(path, content)
        return True

    def read(self, data: Path) -> T | None:
        """The value, or None without a file. Raises OSError and ValueError."""
        try:
            return self.decode(self.path(data).read_bytes())
        except FileNotFoundError:
            return None
        except DAMAGE as error:
            raise ValueError(f"{self.what} is damaged: {error}") from error

    def last(self, data: Path) -> T | None:
        """The value, or None where there is none that can be read."""
        try:
            return self.read(data)
        except (OSError, ValueError):
            return None

    def watch(self, data: Path) -> Watched[T]:
        return Watched(self.path(data), self.what, lambda file: self.decode(file.read()), meanwhile=self.meanwhile)


def published_as_json[T](name: str, what: str, kind: Callable[..., T]) -> Published[T]:
    """A table whose file is one JSON object with the fields of a dataclass. kind: the class."""
    return Published(name, what, orjson.dumps, lambda content: kind(**orjson.loads(content)))
