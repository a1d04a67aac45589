"""Append-only file of approved files (docs/formats.md, "Approvals"). Without Django.

A reader uses whole lines only: a partial last line is being written, or its writer died. The next writer cuts it off. A whole line
is never removed from a file; another file replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson

from civicmail.city.policy.approvals import ApprovedFiles, FileApproval
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.published import OpenFile, Stamp, file_stamp

HEADER_LINE = b'{"v":1}\n'
KEEP_EXPIRED_MS = 86_400_000
"""ms for which a reader keeps an answer that is over: clocks differ."""
_FIELDS = tuple(one.name for one in fields(FileApproval))
_TYPES = {name: int if name == "until" else str for name in _FIELDS}


def approved_files_path(data: Path) -> Path:
    return data / "policy" / "answers"


def to_plain(approval: FileApproval) -> dict[str, Any]:
    """The approval as plain data."""
    return {name: value for name in _FIELDS if (value := getattr(approval, name))}


def parse_approval(plain: object) -> FileApproval:
    """Parse an approval. Raises ValueError for invalid data."""
    if not isinstance(plain, dict) or not {"id", "until"} <= plain.keys():
        raise ValueError("no approval")
    if any(type(value) is not _TYPES.get(name) for name, value in plain.items()):
        raise ValueError("no approval")
    return FileApproval(**plain)


def encode_lines(approvals: Iterable[FileApproval]) -> bytes:
    """The same answers in the same order are the same bytes."""
    return b"".join(
        orjson.dumps(to_plain(approval), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE) for approval in approvals
    )


def append(data: Path, end: int, approvals: Iterable[FileApproval], files: Files = OS_FILES) -> None:
    """Append lines, durable on return. end: behind the last whole line. One writer at a time. Raises OSError: then some lines may
    be in the file, and be read, but may not be durable."""
    file = files.open(approved_files_path(data))
    try:
        file.truncate(end)
        file.write_at(end, [encode_lines(approvals)])
        file.sync()
    finally:
        file.close()


class Tail:
    """The answers of a file, in memory. A look costs a stat, and reads what is new. end: behind the last whole line; count: of the
    lines up to there, also of those that are over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: OpenFile | None = None
        self._bad: Stamp | None = None
        self._begin()

    def _begin(self) -> None:
        self.approved_files, self.end, self.count = ApprovedFiles(), 0, 0

    @property
    def exists(self) -> bool:
        return self._path.exists()

    def refresh(self, now: int) -> ApprovedFiles:
        """now: ms. Raises OSError, and ValueError for what is no such file; it is read again when it has changed."""
        stamp = file_stamp(self._path.stat())
        if self._held is None or stamp[0] != self._held.stamp[0] or stamp[2] < self.end or self._bad not in (None, stamp):
            self._held, self._bad = OpenFile(self._path), None
            stamp = self._held.stamp
            self._begin()
        if self._bad is None and stamp[2] != self.end:
            try:
                self._take(self._held.read(self.end), now)
            except ValueError:
                self._bad = stamp
                self._begin()
        if not self.end:
            raise ValueError("no file of answers")
        return self.approved_files

    def _take(self, news: bytes, now: int) -> None:
        whole = news[: news.rfind(b"\n") + 1]
        complete = whole.split(b"\n")[:-1]
        if not self.end and (not complete or complete.pop(0) != HEADER_LINE[:-1]):
            raise ValueError("no version that is known")
        for line in complete:
            if (approval := parse_approval(orjson.loads(line))).until > now - KEEP_EXPIRED_MS:
                self.approved_files.add(approval)
        self.end, self.count = self.end + len(whole), self.count + len(complete)
