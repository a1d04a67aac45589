"""The entry of a look is durable in a journal when append returns, whoever else writes there (E6)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.core.config.errors import LaterError
from civicmail.core.disk.files import File
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger.entry_journal import EntryJournal, record_head
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type

NOW = 1_772_452_800_000


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    yield
    EntryJournal.release()


def plain(n: int) -> dict[str, Any]:
    return {"v": 1, "uuid": f"{n:032x}", "at": NOW + n, "act": "content.show", "person": "exa", "facts": {"id": str(n)}}


def test_it_is_the_record_that_the_archive_writes_of_an_entry() -> None:
    event = Event(Type.ENTRY, NO_ID, NOW + 7, facts=plain(7))
    assert record_head("00a1", 12, plain(7)) == event.head("00a1", 12)


@pytest.mark.rule("P-16, promise 4, E6", "The place of a content view's entry is returned after the sync that covers it.")
def test_each_is_durable_in_its_place_and_threads_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No place is told before a sync has covered it."""
    syncs, plain_sync = [0], File.sync

    def slow(file: File) -> None:
        syncs[0] += 1
        threading.Event().wait(0.02)
        plain_sync(file)

    journal = EntryJournal.for_folder(tmp_path)
    [first] = journal.append([plain(0)], NOW)
    monkeypatch.setattr(File, "sync", slow)

    def look(n: int) -> list[tuple[str, int]]:
        """Where they stand, if they do."""
        try:
            places = journal.append([plain(n), plain(100 + n)], NOW)
        except LaterError:
            return []
        durable = {(r.journal, r.number): orjson.loads(r.head)["facts"]["uuid"] for r in Tail(tmp_path).poll(1000)}
        return places if [durable.get(one) for one in places] == [plain(n)["uuid"], plain(100 + n)["uuid"]] else []

    with ThreadPoolExecutor(20) as pool:
        told = [place for places in pool.map(look, range(1, 21)) for place in places]
    assert len({first, *told}) == 41
    assert 1 <= syncs[0] < 20, "twenty who come at once do not wait for twenty syncs"


def test_a_sync_that_fails_tells_nobody_and_the_next_entry_has_another_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = EntryJournal.for_folder(tmp_path)
    [first] = journal.append([plain(1)], NOW)

    def broken(file: File) -> None:
        raise OSError(5, os.strerror(5))

    with monkeypatch.context() as patch:
        patch.setattr(File, "sync", broken)
        with pytest.raises(LaterError):
            journal.append([plain(2)], NOW)
    [third] = journal.append([plain(3)], NOW)
    assert [orjson.loads(r.head)["facts"]["uuid"] for r in Tail(tmp_path).poll(9)] == [plain(1)["uuid"], plain(3)["uuid"]]
    assert first != third


def test_it_lets_go_of_the_journal_so_that_others_go_on_with_its_numbers(tmp_path: Path) -> None:
    [place] = EntryJournal.for_folder(tmp_path).append([plain(1)], NOW)
    other = Writer(tmp_path, lambda: NOW)
    assert other.journal.name != place[0]
    other.close()
    EntryJournal.for_folder(tmp_path / "another").append([plain(2)], NOW)
    again = Writer(tmp_path, lambda: NOW)
    assert (again.journal.name, again.journal.number) == place
    again.close()
