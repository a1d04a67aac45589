"""Publication of the snapshot: files that are written on change and watched by every gateway.

    publish_changes(data, changes)      on commit, in the process that changed the database: a few people, in milliseconds
    publish(data, snapshot)             everyone, if an act concerns many, and by the city worker soon after changes
    touch_alive(data)                   every ten seconds, by the city worker, while the database answers
    Watch(data, clock).now              in every gateway

An entry point needs no database. While the database is unavailable no access can be ended, so the last snapshot expires.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from civicmail.city.snapshot.snapshot import Changes, Snapshot, apply_changes, is_newer
from civicmail.city.snapshot.snapshot_file import decode, decode_changes, encode, encode_changes
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import locked
from civicmail.core.disk.published import POLL_MS, Published

MAX_CHANGES = 600
"""People and mailboxes that the file of changes tells about at most; doors read it anew at each change."""
LARGE_CHANGES_BYTES = 100_000
"""Bytes of that file from which a whole snapshot is worth its making: who changes something, and every door, reads so much anew."""
MAX_INBOUND_AGE_MS = 24 * 3_600_000
MAX_OUTBOUND_AGE_MS = 15 * 60_000
"""ms for which the last snapshot serves while the database is away."""

log = get_logger()


SNAPSHOT = Published("access/snapshot", "the access snapshot", encode, decode)
CHANGES = Published("access/changes", "the changes since the access snapshot", encode_changes, decode_changes)


def snapshot_path(data: Path) -> Path:
    return SNAPSHOT.path(data)


def changes_path(data: Path) -> Path:
    return CHANGES.path(data)


def alive_path(data: Path) -> Path:
    return data / "access" / "alive"


def publish(data: Path, snapshot: Snapshot, files: Files = OS_FILES) -> bool:
    """Replace the published snapshot; durable on return. Of two simultaneous publications the newer one remains.

    False if the present one is newer by version and by time, and stays. A snapshot without a mailbox is not published: such a city
    has no people yet and accepts mail as before, or its database was replaced. Raises OSError.
    """
    path = snapshot_path(data)
    if not snapshot.mailboxes:
        if path.exists():
            log.error("a snapshot without a mailbox was not published, the last one stays in force", version=snapshot.version)
        return False
    files.make_folder(path.parent)
    with locked(path.parent / ".lock"):
        if (published := _published_version(path)) is not None and published[0] > snapshot.version and published[1] >= snapshot.at:
            return False
        SNAPSHOT.write(data, snapshot, files)
    return True


def publish_changes(data: Path, changes: Changes, files: Files = OS_FILES) -> bool:
    """Publish the changes of one act; durable on return. False, and nothing is written, if a whole snapshot is due instead: there
    is none to change, the changes are too many, or the published ones are unreadable. Raises OSError."""
    base = _published_version(snapshot_path(data))
    if base is None:
        return False
    with locked(changes_path(data).parent / ".lock"):
        try:
            pending = [c for c in CHANGES.read(data) or () if is_newer(c, *base)]
        except (OSError, ValueError):
            return False
        change_count = sum(len(c.people) + len(c.mailboxes) for c in (*pending, changes))
        if not is_newer(changes, *base) or change_count > MAX_CHANGES:
            return False
        CHANGES.write(data, [*pending, changes], files)
    return True


def needs_full_snapshot(data: Path) -> bool:
    """Whether the file of changes has grown large."""
    try:
        return changes_path(data).stat().st_size > LARGE_CHANGES_BYTES
    except FileNotFoundError:
        return False


@contextmanager
def publication_lock(data: Path, files: Files = OS_FILES) -> Iterator[None]:
    """The lock of publishers. It is taken outside transactions, so that waiting for it locks no row."""
    folder = snapshot_path(data).parent
    files.make_folder(folder)
    with locked(folder / ".telling"):
        yield


def mark_database_alive(data: Path, now: int | None = None) -> None:
    """The database answers at this moment. now: ms, else the clock of the file system. Nothing has to survive a power cut here."""
    path = alive_path(data)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    if now is not None:
        os.utime(path, ns=(now * 1_000_000, now * 1_000_000))


class SnapshotWatcher:
    """The last valid snapshot, in memory. clock: ms since 1970. A check costs a stat and is made at most every 250 ms. Thread-safe:
    one thread checks, and the others continue with the present one."""

    def __init__(self, data: Path, clock: Callable[[], int]) -> None:
        self._data = data
        self._clock = clock
        self._base, self._changes = SNAPSHOT.watch(data), CHANGES.watch(data)
        self._snapshot: Snapshot | None = None
        self._alive = 0
        self._polled_ms = clock()
        self._lock = threading.Lock()
        self._poll()

    @property
    def current(self) -> Snapshot | None:
        """The snapshot at this moment; None if no readable one was ever published."""
        now = self._clock()
        if not 0 <= now - self._polled_ms < POLL_MS and self._lock.acquire(blocking=False):
            try:
                self._polled_ms = now
                self._poll()
            finally:
                self._lock.release()
        return self._snapshot

    def refresh(self) -> Snapshot | None:
        """The snapshot as `current`, checked at this moment: for reading what was published just before."""
        with self._lock:
            self._polled_ms = self._clock()
            self._poll()
        return self._snapshot

    @property
    def is_unreadable(self) -> bool:
        """Whether a snapshot was published and none could be read since this process began, so that access is unknown."""
        return self.current is None and self._base.was_there

    def is_fresh(self, max_age_ms: int) -> bool:
        """Whether the snapshot is still usable: the database answered, or a publication was made, within so many ms."""
        snapshot = self.current
        if snapshot is None:
            return not self._base.was_there
        return self._clock() - max(self._alive, snapshot.at) <= max_age_ms

    def _poll(self) -> None:
        try:
            self._alive = alive_path(self._data).stat().st_mtime_ns // 1_000_000
        except OSError:
            self._alive = 0
        news = self._poll_changes()  # before the snapshot: what was taken out of the file meanwhile is in that
        if self._poll_snapshot() or news:
            base = self._base.value
            self._snapshot = apply_changes(base, self._changes.value or ()) if base is not None else None

    def _poll_snapshot(self) -> bool:
        """True where there is another one."""
        if is_new := self._base.poll():
            log.info("access has changed", version=self._base.value.version if self._base.value else 0)
        return is_new

    def _poll_changes(self) -> bool:
        """True where there are others. A file that cannot be read changes nothing: the whole snapshot comes after it."""
        return self._changes.poll()


@lru_cache(maxsize=4)
def shared_watcher(data: Path, clock: Callable[[], int]) -> SnapshotWatcher:
    """One watcher for all jobs and pages of a process: a snapshot of 6,200 people has 20 MB."""
    return SnapshotWatcher(data, clock)


_VERSION = re.compile(rb'"v":1,"version":(\d+)}\Z')
_EDGE_BYTES = 64
_AT = re.compile(rb'\A\{"at":(\d+),')


def _published_version(path: Path) -> tuple[int, int] | None:
    """Version and time of what is published, from both ends of the file (its keys are sorted); None where it is not whole."""
    try:
        with path.open("rb") as h:
            first = h.read(_EDGE_BYTES)
            h.seek(max(0, os.fstat(h.fileno()).st_size - _EDGE_BYTES))
            last = h.read(_EDGE_BYTES)
    except OSError:
        return None
    version, at = _VERSION.search(last), _AT.match(first)
    return (int(version[1]), int(at[1])) if version and at else None
