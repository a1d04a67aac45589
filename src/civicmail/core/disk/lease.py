"""Leases: a locked file names the process that runs a job. The kernel releases the lock when the process ends, so no lease is ever
stale.

A process that needs a worker's job *requests* its lease: it locks a second file, `<job>.wanted`; the worker checks that between two
rounds (`is_wanted`) and releases the lease until it is free again.

Short operations that exclude each other have leases of another kind (`moment`) in a folder of their own, so that no job can have
the same name and hold it permanently; the second process waits.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from civicmail.core.disk.errors import LeaseHeld

_FLOCK = struct.Struct("hhqqi4x")  # type, whence, start, length, pid: struct flock of Linux, 64 bit
LOOK_SECONDS = 0.05
MOMENT_SECONDS = 10.0
"""Seconds to wait for operations of other processes that take some milliseconds."""
_WHOLE_FILE = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a lease that another process has. notify: called with a sentence for a person when the waiting
    begins."""

    seconds: float
    notify: Callable[[str], None] = lambda sentence: None


class Lease:
    """An exclusive lock on a file that is held until close, or until the process ends however it ends."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd

    @classmethod
    def take(cls, path: Path, patience: Patience | None = None) -> Lease:
        """Take the lease, or raise LeaseHeld; with patience request it from its holder first, and wait that long."""
        try:
            return cls._take(path)
        except LeaseHeld as held:
            if patience is None:
                raise
            patience.notify(f"{held} Waiting until it lets go.")
        end = time.monotonic() + patience.seconds
        wish: Lease | None = None
        try:
            while True:
                try:
                    wish = wish or cls._take(_request_file(path))
                    return cls._take(path)
                except LeaseHeld:
                    if time.monotonic() > end:
                        raise
                    time.sleep(LOOK_SECONDS)
        finally:
            if wish is not None:
                wish.close()

    @classmethod
    def _take(cls, path: Path) -> Lease:
        """At once. The file keeps the holder's process id, for people."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            raise LeaseHeld(f"The lease {path.name} is held by process {holder(path) or 'unknown'}.") from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        return cls(path, fd)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def holder(path: Path) -> int | None:
    """Process id of the last holder of the lease, or None."""
    try:
        return int(path.read_text() or 0) or None
    except (OSError, ValueError):
        return None


def is_held(path: Path) -> bool:
    """Whether some process holds the lease at this moment. The check never takes the lease."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        kind: int = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _WHOLE_FILE))[0]
        return kind != fcntl.F_UNLCK
    finally:
        os.close(fd)


def is_requested(path: Path) -> bool:
    """Whether another process waits for this lease. A holder that works in rounds then releases it."""
    return is_held(_request_file(path))


def _request_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.wanted")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """For what takes a moment: while one writes, all others wait here, threads and processes. Its folder is there."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def lease_path(data: Path, job: str) -> Path:
    """Path of the lease of a job in a data folder. The job holds it for as long as it runs."""
    return data / "leases" / job


def moment(data: Path, act: str) -> Lease:
    """The lease of an act that takes some milliseconds, once it is free. Raises LeaseHeld after MOMENT_SECONDS."""
    return Lease.take(data / "leases" / "moments" / act, Patience(MOMENT_SECONDS))
