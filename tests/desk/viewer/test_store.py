"""Access to archive and index for a process with several threads."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.tree import Everything
from civicmail.desk.viewer.store import NotIndexed, Store
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import count
from civicmail.mail.search.search import search
from civicmail.mail.search.tasks import IndexJob

NOW = 1_772_452_800_000


def arrive(data: Path, number: int) -> bytes:
    body = b"From: a@b.example\r\nSubject: %d\r\n\r\nx\r\n" % number
    id_ = capture_id(NOW + number, bytes([number]) * 16)
    capture = capture_of(id_, scan(body), Envelope("a@b.example", (Recipient("c@city.example"),), NOW), Source("mx"))
    with closing(Writer(data, lambda: NOW)) as writer:
        writer.receipt(capture, body)
        writer.flush()
    return id_


def index(data: Path) -> None:
    with closing(IndexJob.take(data, bulk=True)) as job:
        job.catch_up(NOW)


def test_each_look_is_of_now(data: Path) -> None:
    store = Store(data)
    assert store.archive().count() == 0
    id_ = arrive(data, 1)
    assert store.archive().place(id_) is not None
    index(data)
    assert count(store.reader(), Everything()) == 1


def test_an_index_that_is_not_there_or_not_of_this_version_is_said_plainly(data: Path) -> None:
    """No index yet, one of another version, one that was rebuilt meanwhile: a sentence, or the new one."""
    store = Store(data)
    with pytest.raises(NotIndexed, match="Nothing is indexed here yet"):
        store.reader()
    arrive(data, 1)
    index(data)
    before = store.reader()
    generation = coverage.current(data)
    assert generation is not None
    saved = coverage.load(generation)
    assert saved is not None
    saved.version -= 1
    coverage.save(generation, saved)
    with pytest.raises(NotIndexed, match="another version"):
        store.reader()
    saved.version += 1
    coverage.save(generation, saved)
    assert count(store.reader(), Everything()) == 1
    assert count(before, Everything()) == 1


@pytest.mark.rule("P-06, promise 8", "Hits, counts and completeness on a page are of one moment of the index.")
def test_what_is_searched_stays_as_it_was_while_it_is_searched(data: Path) -> None:
    """Hits, counts and coverage of one page are of one moment, in whatever order they are asked for."""
    store = Store(data)
    arrive(data, 1)
    index(data)
    held = store.reader()
    arrive(data, 2)
    index(data)
    newer = store.reader()
    assert (len(search(held, Everything()).hits), count(held, Everything())) == (1, 1)
    assert held.coverage.journals != newer.coverage.journals
    assert count(newer, Everything()) == 2


def test_each_thread_has_an_archive_of_its_own_and_leaves_it_to_the_next(data: Path) -> None:
    store = Store(data)
    mine = store.archive()
    seen: list[Archive] = []

    def look() -> None:
        seen.append(store.archive())

    for _ in range(2):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen[0] is seen[1]
    assert seen[0] is not mine
    assert store.archive() is mine
