"""The published snapshot and who watches it (M4, L2; promise 5, promise 6)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from city.identity.people import T0, city, mailbox
from civicmail.city.snapshot.published_snapshot import (
    MAX_INBOUND_AGE_MS,
    MAX_OUTBOUND_AGE_MS,
    POLL_MS,
    SnapshotWatcher,
    mark_database_alive,
    publish,
    publish_changes,
    shared_watcher,
    snapshot_path,
)
from civicmail.city.snapshot.snapshot import Changes, Snapshot, build
from civicmail.city.snapshot.snapshot_file import decode
from civicmail.core.config import log
from civicmail.core.disk.files import Files
from civicmail.core.disk.published import OpenFile


class Clock:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


def small(version: int, at: int = T0) -> Snapshot:
    return build(version, at, ("city.example",), [], [mailbox("clerk@city.example", "City Clerk")], {})


@pytest.mark.rule("P-06, promise 6", "A city without a mailbox is not published, and never replaces one that has some.")
def test_a_city_without_a_mailbox_is_not_published_and_never_replaces_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """P-06, promise 6: an installation without people takes mail as before, and a database that was lost refuses nobody's mail."""
    nobody = build(9, T0 + 9, ("city.example",), [], [], {})
    assert not publish(tmp_path, nobody) and SnapshotWatcher(tmp_path, Clock()).current is None
    assert not capsys.readouterr().err
    publish(tmp_path, city())
    assert not publish(tmp_path, nobody) and SnapshotWatcher(tmp_path, Clock()).current == city()
    assert "was not published" in capsys.readouterr().err


def test_what_is_published_is_seen_within_a_quarter_of_a_second_and_reads_back_whole(tmp_path: Path) -> None:
    clock = Clock()
    watch = SnapshotWatcher(tmp_path, clock)
    assert watch.current is None and not watch.is_unreadable and watch.is_fresh(MAX_OUTBOUND_AGE_MS)
    snapshot = city()
    assert publish(tmp_path, snapshot)
    clock.now += POLL_MS - 1
    assert watch.current is None
    clock.now += 1
    assert watch.current == snapshot
    publish(tmp_path, small(9))
    clock.now += POLL_MS
    assert watch.current == small(9)


def test_a_file_that_cannot_be_read_changes_nothing_and_the_log_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    publish(tmp_path, city())
    watch = SnapshotWatcher(tmp_path, clock)
    for damage in (b"", b"{", b'{"v":2}', b'{"v":1}'):
        snapshot_path(tmp_path).write_bytes(damage)
        clock.now += POLL_MS
        log.forget()  # else the second one is summed
        assert watch.current == city()
        assert "cannot be read" in capsys.readouterr().err
        clock.now += POLL_MS
        assert watch.current == city() and not capsys.readouterr().err, "said once"
    snapshot_path(tmp_path).unlink()
    clock.now += POLL_MS
    assert watch.current == city() and not watch.is_unreadable
    assert "gone" in capsys.readouterr().err


def test_a_door_that_begins_with_an_unreadable_snapshot_knows_that_it_is_blind(tmp_path: Path) -> None:
    """Without it everybody would be let in, as in an installation that has no people yet."""
    snapshot_path(tmp_path).parent.mkdir()
    snapshot_path(tmp_path).write_bytes(b"damaged")
    clock = Clock()
    watch = SnapshotWatcher(tmp_path, clock)
    assert watch.current is None and watch.is_unreadable and not watch.is_fresh(MAX_INBOUND_AGE_MS)
    publish(tmp_path, city())
    clock.now += POLL_MS
    assert watch.current == city() and not watch.is_unreadable


@pytest.mark.rule(
    "P-06, promise 5, promise 6",
    "Without a database the last snapshot serves outbound for a quarter of an hour and inbound for a day.",
)
def test_without_a_database_the_last_snapshot_serves_outbound_a_quarter_of_an_hour_and_inbound_a_day(tmp_path: Path) -> None:
    clock = Clock()
    publish(tmp_path, small(1))
    watch = SnapshotWatcher(tmp_path, clock)
    clock.now = T0 + 3_600_000
    mark_database_alive(tmp_path, clock.now)
    clock.now += POLL_MS
    assert watch.is_fresh(MAX_OUTBOUND_AGE_MS)
    last = T0 + 3_600_000
    clock.now = last + MAX_OUTBOUND_AGE_MS
    assert watch.is_fresh(MAX_OUTBOUND_AGE_MS)
    clock.now += 1
    assert not watch.is_fresh(MAX_OUTBOUND_AGE_MS) and watch.is_fresh(MAX_INBOUND_AGE_MS)
    clock.now = last + MAX_INBOUND_AGE_MS + 1
    assert not watch.is_fresh(MAX_INBOUND_AGE_MS)
    mark_database_alive(tmp_path, clock.now)
    clock.now += POLL_MS
    assert watch.is_fresh(MAX_OUTBOUND_AGE_MS), "the database is back"


def test_an_older_snapshot_never_replaces_a_newer_one_and_a_restored_database_does(tmp_path: Path) -> None:
    publish(tmp_path, small(5, T0 + 5))
    assert not publish(tmp_path, small(4, T0 + 4))
    assert SnapshotWatcher(tmp_path, Clock()).current == small(5, T0 + 5)
    assert publish(tmp_path, small(2, T0 + 9)), "counted from where the backup was, but now"
    assert SnapshotWatcher(tmp_path, Clock()).current == small(2, T0 + 9)


class Listed(Files):
    """The operating system's files, and in which order they were asked for what."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def rename(self, old: Path, new: Path) -> None:
        self.asked.append(f"rename {new.name}")
        super().rename(old, new)

    def sync_folder(self, path: Path) -> None:
        self.asked.append(f"sync {path.name}")
        super().sync_folder(path)


def test_a_snapshot_is_durable_with_its_folder_when_publish_returns(tmp_path: Path) -> None:
    files = Listed()
    publish(tmp_path / "data", small(1), files)
    assert files.asked[-2:] == ["rename snapshot", "sync access"]
    assert f"sync {tmp_path.name}" in files.asked, "the new folder too"


def test_what_changed_is_durable_with_its_folder_when_doors_were_told(tmp_path: Path) -> None:
    files = Listed()
    publish(tmp_path, small(1), files)
    assert publish_changes(tmp_path, Changes(2, T0), files)
    assert files.asked[-2:] == ["rename changes", "sync access"]


@pytest.mark.rule(
    "P-01, promise 5",
    "All jobs and pages of a process share one access snapshot: one checks for a newer one, and none waits.",
)
def test_one_of_many_threads_looks_and_the_others_go_on_with_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 5: all jobs and pages of a process have one."""
    clock, began, may_end = Clock(), threading.Event(), threading.Event()
    publish(tmp_path, small(1))
    watch = shared_watcher(tmp_path, clock)
    publish(tmp_path, small(2))
    clock.now += POLL_MS
    looks: list[int] = []

    def slowly(file: OpenFile) -> Snapshot:
        looks.append(clock.now)
        if len(looks) == 1:
            began.set()
            may_end.wait(60)
        return decode(file.read())

    monkeypatch.setattr(watch._base, "_load", slowly)
    looking = threading.Thread(target=lambda: watch.current)
    looking.start()
    began.wait(60)
    publish(tmp_path, small(3))
    clock.now += POLL_MS
    assert shared_watcher(tmp_path, clock).current == small(1)
    may_end.set()
    looking.join(60)
    assert len(looks) == 1
    assert watch.current == small(3)
