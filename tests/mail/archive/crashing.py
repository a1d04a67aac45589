"""A process that ends before its n-th operation on the disk, and an archive with one of everything for it to seal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from civicmail.core.disk.files import File, Files
from civicmail.mail.archive.verify import Check
from mail.archive.making import MONTH, NOW, capture, delivered, entry, spooled, writer


class Crash(Exception):
    """The process ended here."""


class CrashingFiles(Files):
    """Ends the process before its n-th operation; a crash within a write leaves half of it."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def tick(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash

    def open(self, path: Path, *, create: bool = False) -> File:
        self.tick()
        opened = super().open(path, create=create)
        file = CrashingFile(path, opened.fd, self)
        opened.fd = -1
        return file

    def rename(self, old: Path, new: Path) -> None:
        self.tick()
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self.tick()
        super().unlink(path)

    def sync_folder(self, path: Path) -> None:
        self.tick()


class CrashingFile(File):
    def __init__(self, path: Path, fd: int, owner: CrashingFiles) -> None:
        super().__init__(path, fd)
        self.owner = owner

    def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        try:
            self.owner.tick()
        except Crash:
            whole = b"".join(chunks)
            super().write_at(offset, [whole[: len(whole) // 2]])
            raise
        return super().write_at(offset, chunks)

    def sync(self) -> None:
        self.owner.tick()


def sample(data: Path) -> None:
    """Two journals, two classes, three months, equal bodies, large bodies, events apart from their captures, entries."""
    w = writer(data, 8192)
    first = [capture(b"body %d" % (n % 9) + b"x" * 500, received=NOW + n + n % 3 * MONTH) for n in range(20)]
    for n, c in enumerate(first):
        w.receipt(c, b"body %d" % (n % 9) + b"x" * 500)
        w.flush()
    quarantined = capture(b"bad", class_="quarantine")
    w.receipt(quarantined, b"bad")
    big = os.urandom(1_200_000)
    for received in (NOW, NOW + 1):
        spooled(w, capture(big, received=received), big)
        w.flush()
    other = writer(data)
    for c in [*first, quarantined]:
        other.event(delivered(c))
    other.event(entry())
    other.flush()
    w.close()
    other.close()


def no_problem(data: Path) -> Check:
    check = Check(data, deep=True)
    records = {(held.journal, held.number) for held in check.heads()}
    assert check.problems == []
    assert len(records) == len(set(records))
    return check
