"""Kept before acknowledged (P-23, promise 1): nobody is told before the sync has returned, and a failed sync keeps nothing."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from civicmail.core.disk.errors import JournalEnded
from civicmail.core.disk.files import File, Files
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.commit import GroupCommit, Writer
from mail.archive.making import NOW, capture


class Slow(Files):
    """Syncs of journal files wait until `go` is set, and fail when `broken`; `done` says what happened, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.go, self.asked = threading.Event(), threading.Event()
        self.broken = False
        self.done: list[str] = []

    def open(self, path: Path, *, create: bool = False) -> File:
        opened = super().open(path, create=create)
        file = SlowFile(path, opened.fd, self)
        opened.fd = -1
        return file

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.done.append(f"sync {path.name}/")


class SlowFile(File):
    def __init__(self, path: Path, fd: int, owner: Slow) -> None:
        super().__init__(path, fd)
        self.owner = owner

    def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        self.owner.done.append(f"write {self.path.suffix or self.path.name}")
        return super().write_at(offset, chunks)

    def sync(self) -> None:
        if self.path.suffix == ".log":
            self.owner.asked.set()
            assert self.owner.go.wait(60)
            if self.owner.broken:
                raise OSError(errno.EIO, "Input/output error")
        super().sync()
        self.owner.done.append(f"sync {self.path.suffix or self.path.name}")


def kept(data: Path) -> list[bytes]:
    return [record.body for record in Tail(data).poll()]


@pytest.mark.rule("P-23, promise 1", "A message is acknowledged only after the sync that covers it has returned.")
def test_nobody_is_told_before_the_sync_has_returned(tmp_path: Path) -> None:
    async def story() -> None:
        files = Slow()
        commit = GroupCommit(Writer(tmp_path, lambda: NOW, files))
        first = commit.receipt(capture(b"1"), b"1")
        await asyncio.to_thread(files.asked.wait, 10)
        second = commit.receipt(capture(b"2"), b"2")
        told = first.done() or second.done()
        seen = kept(tmp_path)
        files.go.set()
        assert not told and seen == []
        await asyncio.gather(first, second)
        assert kept(tmp_path) == [b"1", b"2"]
        assert files.done.count("sync .log") == 2, "whoever comes during a sync waits for the next one"
        await commit.close()

    asyncio.run(story())


def test_a_failed_sync_is_told_to_all_who_wait_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    async def story() -> None:
        files = Slow()
        commit = GroupCommit(Writer(tmp_path, lambda: NOW, files))
        waiting = [commit.receipt(capture(b"lost"), b"lost")]
        await asyncio.to_thread(files.asked.wait, 10)
        waiting.append(commit.receipt(capture(b"lost too"), b"lost too"))
        files.broken = True
        files.go.set()
        for answer in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(answer, JournalEnded)
        files.broken = False
        await commit.receipt(capture(b"kept"), b"kept")
        await commit.close()
        Writer(tmp_path, lambda: NOW).close()
        assert kept(tmp_path) == [b"kept"]

    asyncio.run(story())


@pytest.mark.rule("P-23, promise 1", "A spooled body is synced, with its folder, before a record names it.")
def test_a_spooled_body_is_durable_with_its_folder_before_a_record_names_it(tmp_path: Path) -> None:
    files = Slow()
    files.go.set()
    writer = Writer(tmp_path, lambda: NOW, files)
    c = capture(b"large")
    spool = writer.spool(c.id)
    files.done.clear()
    spool.write(b"large")
    assert spool.finish() == c.sha256
    assert files.done == [f"write {c.id.hex()}", f"sync {c.id.hex()}", "sync spool/"]
    writer.receipt(c, spool)
    writer.close()


def test_a_spooled_body_of_a_journal_that_has_ended_meanwhile_is_not_taken(tmp_path: Path) -> None:
    files = Slow()
    writer = Writer(tmp_path, lambda: NOW, files)
    c = capture(b"large")
    spool = writer.spool(c.id)
    spool.write(b"large")
    spool.finish()
    files.broken = True
    files.go.set()
    writer.receipt(capture(b"x"), b"x")
    with pytest.raises(JournalEnded):
        writer.flush()
    files.broken = False
    with pytest.raises(JournalEnded):
        writer.receipt(c, spool)
    writer.close()


@pytest.mark.rule("P-23, promise 6", "After two failed writes within a minute nothing is acknowledged any more.")
def test_two_failures_within_a_minute_are_too_many(tmp_path: Path) -> None:
    now = [NOW]
    files = Slow()
    files.go.set()
    writer = Writer(tmp_path, lambda: now[0], files)
    files.broken = True
    for at, broken in [(0, False), (60_000, False), (119_999, True), (180_000, False)]:
        now[0] = NOW + at
        if at != 180_000:
            writer.receipt(capture(b"x"), b"x")
            with pytest.raises(JournalEnded):
                writer.flush()
        assert writer.broken is broken, at
    writer.close()


@pytest.mark.rule("P-06, promise 1", "No 250 is sent before the standby has synced the record, if the settings require that.")
def test_nobody_is_told_before_the_second_place_has_it_and_the_next_sync_does_not_wait_for_that(tmp_path: Path) -> None:
    async def scenario() -> None:
        asked: list[tuple[str, int, asyncio.Future[None]]] = []

        def confirm(journal: str, number: int) -> asyncio.Future[None]:
            there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            asked.append((journal, number, there))
            return there

        commit = GroupCommit(Writer(tmp_path, lambda: NOW), confirm)
        first = commit.receipt(capture(b"one"), b"one")
        while not asked:
            await asyncio.sleep(0)
        second = commit.receipt(capture(b"two"), b"two")
        while len(asked) < 2:
            await asyncio.sleep(0)
        assert [(journal, number) for journal, number, _ in asked] == [("0001", 1), ("0001", 2)]
        assert not first.done()
        asked[0][2].set_result(None)
        await first
        asked[1][2].set_exception(JournalEnded("the second place is gone"))
        with pytest.raises(JournalEnded):
            await second
        await commit.close()

    asyncio.run(scenario())
