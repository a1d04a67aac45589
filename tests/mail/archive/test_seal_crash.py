"""A seal that is interrupted anywhere leaves everything where a reader finds it, and the next one goes on (promises 1 to 3)."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile, DiskFull
from civicmail.core.disk.files import File, Files
from civicmail.mail.archive import keyring, segments
from civicmail.mail.archive.seal import Sealer
from mail.archive.crashing import Crash, CrashingFile, CrashingFiles, no_problem
from mail.archive.making import NOW, contents, passed_all, seal

FULL = bool(os.environ.get("FULL"))
EVERY = 5 if FULL else 1


@pytest.mark.parametrize("start", range(EVERY))
def test_a_crash_at_any_operation_loses_nothing_and_doubles_nothing(filled: Path, tmp_path: Path, start: int) -> None:
    """All operations with FULL=1, else every fifth from some start."""
    before = contents(filled)
    at, finished = start if FULL else random.randrange(5), False
    while not finished:
        data = tmp_path / str(at)
        shutil.copytree(filled, data)
        try:
            with Sealer(data, CrashingFiles(at)) as sealer:
                sealer.seal(partial(passed_all, data), now=NOW)
            finished = True
        except Crash:
            assert contents(data) == before, f"read after a crash at operation {at}"
            assert no_problem(data), f"verified after a crash at operation {at}"
        seal(data)
        assert contents(data) == before, f"sealed again after a crash at operation {at}"
        check = no_problem(data)
        assert check.captures == len(before)
        assert check.segments == 5
        assert not any(p.name.startswith(".") for p in data.rglob("*")), f"left after a crash at operation {at}"
        assert keyring.Keyring(data).names() == {name for *_, name in segments.listed(data)}
        shutil.rmtree(data)
        at += 5
    assert at > 60


class FullDisk(CrashingFiles):
    """From its n-th operation on there is no room for another byte; removing still works."""

    def tick(self) -> None:
        try:
            super().tick()
        except Crash:
            raise OSError(errno.ENOSPC, "No space left on device") from None

    def unlink(self, path: Path) -> None:
        Files.unlink(self, path)

    def sync_folder(self, path: Path) -> None:
        assert path.is_dir()


def test_a_full_disk_is_told_and_what_is_half_done_gives_its_room_back(filled: Path, tmp_path: Path) -> None:
    before = contents(filled)
    descriptors = len(os.listdir("/proc/self/fd"))
    for at in range(0, 60, 7):
        data = tmp_path / str(at)
        shutil.copytree(filled, data)
        with Sealer(data, FullDisk(at)) as sealer, pytest.raises(DiskFull):
            sealer.seal(partial(passed_all, data), now=NOW)
        assert list(segments.listed(data)) == []
        assert not [p for p in data.rglob("*") if p.name.startswith(".") and p.name.count(".") == 1]
        assert len(os.listdir("/proc/self/fd")) == descriptors
        assert contents(data) == before
        seal(data)
        assert contents(data) == before
        no_problem(data)


def test_two_crashes_in_a_row_lose_nothing(filled: Path, tmp_path: Path) -> None:
    before = contents(filled)
    for first in range(5, 130, 25):
        for second in (3, 20, 47):
            data = tmp_path / f"{first}-{second}"
            shutil.copytree(filled, data)
            for at in (first, second):
                try:
                    with Sealer(data, CrashingFiles(at)) as sealer:
                        sealer.seal(partial(passed_all, data), now=NOW)
                except Crash:
                    continue
            assert contents(data) == before
            seal(data)
            assert contents(data) == before
            no_problem(data)
            shutil.rmtree(data)


@pytest.mark.rule("P-15, promise 1, promise 2", "A seal reads back what it wrote before it removes anything.")
def test_a_segment_that_does_not_read_back_stops_the_seal(unsealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = unsealed
    before = contents(data)
    honest = CrashingFile.write_at

    class Lies(CrashingFiles):
        def open(self, path: Path, *, create: bool = False) -> File:
            file = super().open(path, create=create)
            self.lying = path.name.startswith(".") and "segments" in path.parts and path.parent.name == "2026-04"
            return file

    def write_at(self: CrashingFile, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        if "2026-04" in self.path.parts and offset == 32:
            chunk = bytearray(b"".join(chunks))
            chunk[-1] ^= 1
            chunks = [bytes(chunk)]
        return honest(self, offset, chunks)

    monkeypatch.setattr(CrashingFile, "write_at", write_at)
    with Sealer(data, Lies(10_000)) as sealer, pytest.raises(DamagedFile, match="is damaged"):
        sealer.seal(lambda: passed_all(data), now=NOW)
    monkeypatch.undo()
    assert contents(data) == before
    assert all(journal.log_files(journal.folder(data) / name) for name in journal.names(data))
    seal(data)
    assert contents(data) == before
    no_problem(data)
