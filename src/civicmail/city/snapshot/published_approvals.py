"""Approvals as gateways read them: two files (docs/formats.md, "Approvals"). Without Django.

    say(data, answers, whole, now)         what managers said, appended to those of a month
    keep(data, standing, whole, now)       who is asked, and standing approvals: few, so written whole
    watching(data).at(now)                 in screening: what is in force at this moment

There is one writer at a time, which reads the tables meanwhile, so that the second of two sees the changes of the first. Writes are
durable on return.

An unreadable file makes the check unavailable, and its mail follows the failure policy.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import orjson

from civicmail.city.policy.approvals import Approvals, FileApproval
from civicmail.city.snapshot.approval_file import (
    HEADER_LINE,
    Tail,
    append,
    approved_files_path,
    encode_lines,
    parse_approval,
    to_plain,
)
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import locked
from civicmail.core.disk.published import Published

MAX_EXPIRED_LINES = 10_000
"""Lines of answers that are over, beyond as many as hold: then the file is written anew."""
LoadApprovals = Callable[[], Approvals]
"""What stands in the tables at this moment."""
log = get_logger()


def approvals_path(data: Path) -> Path:
    return data / "policy" / "approvals.json"


def encode(approvals: Approvals) -> bytes:
    """All approvals but the answers. The same approvals in the same order are the same bytes."""
    content = {
        "v": 2,
        "departments": sorted(approvals.departments),
        "standing": [to_plain(approval) for approval in approvals.standing],
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def decode(content: bytes) -> tuple[Approvals, bool]:
    """All approvals but the answers, and whether these have a file of their own; an older program wrote all into one. Raises
    ValueError."""
    try:
        plain = orjson.loads(content)
        if plain["v"] not in (1, 2):
            raise ValueError("an unknown version")
        return Approvals(frozenset(map(str, plain["departments"])), tuple(map(parse_approval, plain["standing"]))), plain["v"] == 2
    except (KeyError, TypeError) as error:
        raise ValueError(f"no file of approvals: {error}") from None


NOTHING: tuple[Approvals, bool] = (Approvals(), False)
STANDING = Published(
    "policy/approvals.json", "the file of approvals", lambda table: encode(table[0]), decode, "files that leave wait"
)


def append_approvals(
    data: Path, answers: Iterable[FileApproval], load_all: LoadApprovals, now: int, files: Files = OS_FILES
) -> None:
    """Append answers that are not in the file yet; if that is impossible, write all again. Raises OSError."""
    with _write_lock(data, files):
        known = shared_watcher(data)
        current = known.current(now)
        if current is None or not known.end:
            _publish(data, load_all(), files)
        elif new_approvals := [approval for approval in dict.fromkeys(answers) if approval not in current.approved_files]:
            append(data, known.end, new_approvals, files)


def publish_standing(data: Path, load_standing: LoadApprovals, load_all: LoadApprovals, now: int, files: Files = OS_FILES) -> bool:
    """Publish all approvals but the answers, which need no reading; return whether that was necessary. Raises OSError."""
    with _write_lock(data, files):
        known = shared_watcher(data)
        current = known.current(now)
        if current is None or not known.end:
            expected = load_all()
            if current is not None and current.is_same(expected, now):
                return False
            _publish(data, expected, files)
        else:
            expected = load_standing()
            if current == expected:
                return False
            STANDING.write(data, (expected, True), files)
    return True


def reconcile(data: Path, load_all: LoadApprovals, now: int, files: Files = OS_FILES) -> bool:
    """Compare every answer with the tables, and write all again if one differs, or most have ended; return whether that was done.
    Raises OSError."""
    known = ApprovalsWatcher(data)
    current = known.current(now)
    expected = load_all()
    if (
        current is not None
        and current.is_same(expected, now)
        and known.count <= 2 * len(expected.approved_files.in_force(now)) + MAX_EXPIRED_LINES
    ):
        return False
    with _write_lock(data, files):
        _publish(data, load_all(), files)
    return True


def publish(data: Path, approvals: Approvals, files: Files = OS_FILES) -> None:
    """Publish everything again. Durable on return. Raises OSError."""
    with _write_lock(data, files):
        _publish(data, approvals, files)


def _publish(data: Path, approvals: Approvals, files: Files) -> None:
    """Write the answers first: the file that refers to them follows."""
    decisions = sorted(approvals.approved_files.in_force(0), key=lambda approval: (approval.until, approval.id, approval.sha256))
    files.replace(approved_files_path(data), HEADER_LINE + encode_lines(decisions))
    STANDING.write(data, (approvals, True), files)


@contextmanager
def _write_lock(data: Path, files: Files) -> Iterator[None]:
    folder = approvals_path(data).parent
    files.make_folder(folder)
    with locked(folder / ".approvals"):
        yield


def read(data: Path, now: int = 0) -> Approvals:
    """The published approvals; none if none were published. Raises ValueError for an unreadable file."""
    if (approvals := ApprovalsWatcher(data).current(now)) is None:
        raise ValueError("no file of approvals")
    return approvals


class ApprovalsWatcher:
    """The approvals in force at this moment, in memory. Each access costs two stats, and reads new lines. Thread-safe. end, count:
    as of Tail; end is 0 if nothing can be appended."""

    def __init__(self, data: Path) -> None:
        self._tail = Tail(approved_files_path(data))
        self._standing = STANDING.watch(data)
        self._approvals: Approvals | None = None
        self._has_warned = False
        self._lock = threading.Lock()
        self.end = self.count = 0

    def current(self, now: int) -> Approvals | None:
        """None where it cannot be read. now: ms."""
        with self._lock:
            try:
                approvals, self._has_warned = self._poll(now), False
            except (OSError, ValueError) as error:
                approvals, self.end = None, 0
                if not self._has_warned:
                    log.error("approvals cannot be read: files that leave wait", problem=str(error))
                self._has_warned = True
            return approvals

    def _poll(self, now: int) -> Approvals:
        if self._standing.poll():
            self._approvals = None
        if self._standing.is_there and self._standing.error:
            raise ValueError(self._standing.error)
        if not self._standing.is_there and self._tail.exists:
            raise ValueError(f"{self._standing.path.name} is gone")
        standing, has_approved_files = self._standing.value if self._standing.is_there and self._standing.value else NOTHING
        if not has_approved_files:
            self.end = self.count = 0
            return standing
        answers = self._tail.refresh(now)
        self.end, self.count = self._tail.end, self._tail.count
        if self._approvals is None or self._approvals.approved_files is not answers:
            self._approvals = replace(standing, approved_files=answers)
        return self._approvals


@lru_cache(maxsize=4)
def shared_watcher(data: Path) -> ApprovalsWatcher:
    """One watcher for all of a process: a month has some hundred thousand answers."""
    return ApprovalsWatcher(data)
