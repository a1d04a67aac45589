"""A file port that dies or fails at its n-th operation: kill -9 at every named point, ENOSPC and EIO at each write.

A point is named by the call that reaches the port (module, function, line) and by what happens there: before, half (of a write),
after. Points are collected from a run, never listed by hand.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicmail.core.disk import files as port
from faults.recording import Site, caller
from faults.sparse import SparseFile

Moment = tuple[Site, str]  # (site, "before" | "half" | "after")


class Failing(port.Files):
    """strike(site, moment, count) is asked at each operation and does what it wants: nothing, kill, or raise."""

    def __init__(self, strike: Callable[[Site, str], None]) -> None:
        super().__init__()
        self._strike = strike

    def _do(self, work: Callable[[], Any]) -> Any:
        site = caller()
        self._strike(site, "before")
        done = work()
        self._strike(site, "after")
        return done

    def open(self, path: Path, *, create: bool = False) -> port.File:
        opened = self._do(lambda: port.Files.open(self, path, create=True)) if create else super().open(path)
        file = FailingFile(path, opened.fd, self)
        opened.fd = -1
        return file

    def rename(self, old: Path, new: Path) -> None:
        self._do(lambda: port.Files.rename(self, old, new))

    def link(self, old: Path, new: Path) -> None:
        self._do(lambda: port.Files.link(self, old, new))

    def unlink(self, path: Path) -> None:
        self._do(lambda: port.Files.unlink(self, path))

    def sync_folder(self, path: Path) -> None:
        self._do(lambda: port.Files.sync_folder(self, path))


class FailingFile(SparseFile):
    def __init__(self, path: Path, fd: int, owner: Failing) -> None:
        super().__init__(path, fd)
        self.owner = owner

    def write_at(self, offset: int, chunks: Any) -> int:
        site = caller()
        self.owner._strike(site, "before")
        data = b"".join(bytes(c) for c in chunks)
        half = len(data) // 2
        super().write_at(offset, [data[:half]])
        self.owner._strike(site, "half")
        end = super().write_at(offset + half, [data[half:]])
        self.owner._strike(site, "after")
        return end

    def preallocate(self, size: int) -> None:
        self.owner._do(lambda: SparseFile.preallocate(self, size))

    def truncate(self, size: int) -> None:
        self.owner._do(lambda: port.File.truncate(self, size))

    def sync(self) -> None:
        self.owner._do(lambda: port.File.sync(self))


class Collect:
    """Strikes nothing; remembers every moment in order."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def __call__(self, site: Site, moment: str) -> None:
        self.moments.append((site, moment))


class Kill:
    """Ends this process without a word at the n-th moment."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, site: Site, moment: str) -> None:
        self.at -= 1
        if self.at < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class KillAt:
    """Ends this process the first time it comes to a named moment."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment

    def __call__(self, site: Site, moment: str) -> None:
        if (site, moment) == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


class Fail:
    """Raises an error of the operating system at the n-th moment that is not behind a finished operation, `times` times."""

    def __init__(self, at: int, error: int, times: int = 1) -> None:
        self.at = at
        self.error = error
        self.times = times

    def __call__(self, site: Site, moment: str) -> None:
        if moment == "after":
            return
        self.at -= 1
        if self.at < 0 and self.times > 0:
            self.times -= 1
            raise OSError(self.error, os.strerror(self.error))
