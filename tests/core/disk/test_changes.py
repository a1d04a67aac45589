"""Whoever waits for changes of a data folder hears of them at once (P-23)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.disk import changes, journal
from civicmail.core.disk.changes import Changes
from civicmail.core.disk.journal import Journal


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Changes]:
    changes.folder(tmp_path).mkdir()
    journal.folder(tmp_path).mkdir()
    with closing(Changes(tmp_path, [changes.folder(tmp_path)])) as made:
        yield made


def _write(place: Journal) -> None:
    place.append(2, bytes(16), lambda _name, _number: b"{}")
    place.flush(1)


def test_a_durable_record_is_a_change_and_nothing_is_none(tmp_path: Path, watched: Changes) -> None:
    with closing(Journal.take(tmp_path, now=1)) as place:
        assert journal.folder(tmp_path) / "0001" in watched.wait(60), "a new journal"
        while watched.wait(0):
            pass
        _write(place)
        assert watched.wait(60) == {journal.folder(tmp_path) / "0001" / "durable"}
        assert watched.wait(0) == set()


def test_a_journal_that_could_not_be_watched_at_first_is_a_change_later(tmp_path: Path, watched: Changes) -> None:
    """Its folder was there before the file that is watched."""
    (journal.folder(tmp_path) / "0001").mkdir()
    assert watched.wait(60) == {journal.folder(tmp_path) / "0001"}
    (journal.folder(tmp_path) / "0001" / "durable").write_bytes(bytes(8))
    assert watched.wait(0) == {journal.folder(tmp_path) / "0001" / "durable"}


def test_a_noted_name_is_a_change_each_time(tmp_path: Path, watched: Changes) -> None:
    for _ in range(2):
        changes.note(tmp_path, "notices_notice")
        assert watched.wait(60) == {changes.folder(tmp_path) / "notices_notice"}


def test_a_folder_that_is_not_there_yet_is_watched_when_it_is(tmp_path: Path) -> None:
    with closing(Changes(tmp_path, [changes.folder(tmp_path)])) as watched:
        changes.note(tmp_path, "a")
        assert changes.folder(tmp_path) in watched.wait(0)
        changes.note(tmp_path, "a")
        assert changes.folder(tmp_path) / "a" in watched.wait(60)


def test_what_was_removed_is_watched_again_when_it_is_back(tmp_path: Path, watched: Changes) -> None:
    changes.folder(tmp_path).rmdir()
    watched.wait(60)
    changes.folder(tmp_path).mkdir()
    watched.wait(0)
    changes.note(tmp_path, "a")
    assert changes.folder(tmp_path) / "a" in watched.wait(60)


def test_nobody_is_kept_from_working_where_no_name_can_be_noted(tmp_path: Path) -> None:
    changes.folder(tmp_path).write_bytes(b"")
    changes.note(tmp_path, "a")
    assert changes.folder(tmp_path).is_file()
