"""The index job: within a second, never twice, never lost, rebuilt beside what is searched (promise 8)."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import tantivy

from civicmail.core.disk import journal
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.free_space import Room
from civicmail.core.message import message_parser
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Everything
from civicmail.mail.archive import keyring
from civicmail.mail.archive.commit import SPOOL_ABOVE, Writer
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.search import coverage, reader, tasks
from civicmail.mail.search.counts import count, counts, missing
from civicmail.mail.search.documents import document_of
from civicmail.mail.search.errors import DamagedIndex, IndexFailed, NoRoom, NotIndexed
from civicmail.mail.search.fields import view
from civicmail.mail.search.index import Indexes
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.search.generated import NOW, captures

T = 1_750_000_000_000
SOME = list(captures(3, 60))


def writer(data: Path) -> Writer:
    return Writer(data, lambda: T, file_size=1 << 20)


def keep(into: Writer, some: list[tuple[Capture, bytes]]) -> None:
    for capture, body in some:
        into.receipt(capture, body)
    into.flush()


def found(data: Path) -> int:
    return count(Reader(data), Everything())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_before_the_first_step_a_search_says_what_to_do(data: Path) -> None:
    with pytest.raises(NotIndexed, match="rebuild index"):
        Reader(data)


def test_what_is_durable_is_found_after_one_step_and_a_second(data: Path) -> None:
    into = writer(data)
    keep(into, SOME[:20])
    into.event(Event(Type.HELD, SOME[0][0].id, T))
    into.flush()
    job = IndexJob.take(data)
    assert job.step(T) == 21
    assert found(data) == 20
    keep(into, SOME[20:21])
    job.step(T + 500)
    assert found(data) == 20
    job.step(T + 1000)
    assert found(data) == 21
    assert coverage.covered(data) == {into.journal.name: 22}
    assert job.behind() == 0
    assert job.step(T + 5000) == 0
    job.close()
    into.close()


def test_only_one_process_writes(data: Path) -> None:
    job = IndexJob.take(data)
    with pytest.raises(LeaseHeld):
        IndexJob.take(data)
    job.close()
    IndexJob.take(data).close()


@pytest.mark.rule("P-24, promise 8", "A crash between commit and coverage leaves nothing twice in the index.")
def test_a_holder_that_dies_between_commit_and_coverage_leaves_no_repeats(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    into = writer(data)
    keep(into, SOME[:10])
    job = IndexJob.take(data)
    job.step(T)
    keep(into, SOME[10:30])
    with monkeypatch.context() as cut:
        cut.setattr(coverage, "save", lambda *_: None)
        job.step(T + 2000)
    job.close()
    assert found(data) == 30
    assert coverage.covered(data) == {into.journal.name: 10}
    job = IndexJob.take(data)
    job.step(T + 9000)
    assert found(data) == 30
    assert coverage.covered(data) == {into.journal.name: 30}
    job.close()
    into.close()


@pytest.mark.rule(
    "P-23, promise 8",
    "The search index is not written while less than `gateway.min_free` is free on its volume, reports that, and "
    "continues automatically.",
)
def test_the_index_rests_while_its_volume_has_no_room_and_goes_on_by_itself(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [99]
    monkeypatch.setattr(tasks, "Room", lambda place, least: Room(place, least, lambda _: free[0]))
    into = writer(data)
    keep(into, SOME[:10])
    job = IndexJob.take(data, least=100)
    assert job.step(T) == 0 and job.rests and coverage.is_paused(data)
    assert coverage.covered(data) == {} and not list(data.glob("index/*/*/*/*"))
    for work in (job.catch_up, job.rebuild):
        with pytest.raises(NoRoom, match="make room there"):
            work(T)
    coverage.clear_rebuild_request(data)
    free[0] = 100
    job.step(T + 1)  # too early
    assert job.rests
    assert job.step(T + tasks.RETRY_MS) == 10
    assert found(data) == 10 and not job.rests and not coverage.is_paused(data)
    keep(into, SOME[10:20])
    assert job.step(T + tasks.RETRY_MS + 1) == 10  # read, and not committed
    free[0] = 99
    job.step(T + tasks.RETRY_MS + 5000)
    assert found(data) == 10 and coverage.is_paused(data)
    job.close()
    free[0] = 100
    job = IndexJob.take(data, least=100)  # the next holder lifts what the last one has left
    job.step(T + 60_000)
    assert found(data) == 20 and not coverage.is_paused(data)
    job.close()
    into.close()


def test_what_was_not_committed_is_read_again(data: Path) -> None:
    into = writer(data)
    keep(into, SOME[:10])
    job = IndexJob.take(data, bulk=True)
    job.step(T)
    job.close()
    assert found(data) == 0
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    assert found(data) == 10
    into.close()


def test_an_index_that_cannot_be_written_is_tried_again_after_a_pause(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    into = writer(data)
    keep(into, SOME[:10])
    job = IndexJob.take(data)
    with monkeypatch.context() as full:

        def fail(*_: object) -> None:
            raise IndexFailed("The index writer was killed.")

        full.setattr(Indexes, "commit", fail)
        assert job.step(T) == 0
    assert job.step(T + 10) == 0
    assert job.step(T + tasks.RETRY_MS) == 10
    assert found(data) == 10
    job.close()
    into.close()


def test_an_import_feeds_what_it_has_made_durable(data: Path) -> None:
    before = writer(data)
    keep(before, SOME[:5])
    before.close()
    job = IndexJob.take(data, bulk=True)
    into = writer(data)
    first = into.journal.number + 1
    keep(into, SOME[5:30])
    for n, (capture, body) in enumerate(SOME[5:30]):
        made = document_of(capture, body, message_parser.fields(body))
        job.feed(made, len(body), place=into.journal.name, number=first + n, now=T)
    job.commit(T)
    assert found(data) == 30
    job.close()
    into.close()
    job = IndexJob.take(data)
    assert job.step(T) == 0
    job.close()
    assert found(data) == 30


def test_a_spooled_body_is_indexed(data: Path) -> None:
    capture = SOME[0][0]
    body = b"Subject: large\r\n\r\n" + b"x " * SPOOL_ABOVE + b"finalword"
    into = writer(data)
    spool = into.spool(capture.id)
    spool.write(body)
    into.receipt(with_body(capture, body, spool.finish()), spool)
    into.flush()
    job = IndexJob.take(data)
    job.step(T)
    assert count(Reader(data), parse("finalword", now=NOW)) == 1
    job.close()
    into.close()


@pytest.mark.rule("P-24, promise 8", "An unreadable message can be searched by its envelope and counts as unreadable.")
def test_a_body_that_cannot_be_read_is_counted_as_unreadable(data: Path) -> None:
    capture, body = SOME[0]
    into = writer(data)
    spool = into.spool(capture.id)
    spool.write(body)
    into.receipt(with_body(capture, body, spool.finish()), spool)
    into.flush()
    spool.path.write_bytes(b"something else")
    job = IndexJob.take(data)
    job.step(T)
    answer = counts(Reader(data), Everything(), archived=3)
    assert answer.plain() == {"count": 1, "unique": 1, "searchable": 1, "archived": 3, "unreadable": 1}
    job.close()
    into.close()


def test_rebuild_replaces_everything_while_searching_and_indexing_go_on(data: Path) -> None:
    into = writer(data)
    keep(into, SOME[:40])
    job = IndexJob.take(data)
    job.step(T)
    old = coverage.current(data)
    reader = Reader(data)
    coverage.request_rebuild(data)
    job.step(T + 1000)
    assert coverage.current(data) == old
    keep(into, SOME[40:])
    for n in range(2, 6):
        job.step(T + n * 1000)
        reader.refresh()
    assert coverage.current(data) != old
    assert old is not None
    assert not old.exists()
    assert not coverage.is_rebuild_requested(data)
    assert count(reader, Everything()) == len(SOME)
    assert list(missing(reader, [c.id for c, _ in SOME])) == []
    assert list(missing(reader, [bytes(16)])) == [bytes(16)]
    tree = parse("budget -report", now=NOW)
    assert count(reader, tree) == sum(matches(tree, view(c, message_parser.fields(b))) for c, b in SOME)
    job.close()
    into.close()


def test_a_rebuild_that_was_interrupted_goes_on(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.mail.search.rebuild.AT_ONCE", 7)
    into = writer(data)
    keep(into, SOME[:40])
    job = IndexJob.take(data)
    job.step(T)
    coverage.request_rebuild(data)
    job.step(T + 1000)
    job.step(T + 2000)
    keep(into, SOME[40:45])
    job.step(T + 3000)
    job.close()
    keep(into, SOME[45:])
    job = IndexJob.take(data)
    for n in range(4, 20):
        job.step(T + n * 1000)
    job.close()
    assert coverage.current(data) == coverage.top(data) / "2"
    assert found(data) == len(SOME)
    into.close()


def test_an_index_thrown_away_comes_back_by_itself_also_from_sealed_mail(data: Path) -> None:
    data.mkdir()
    keyring.create(data)
    into = writer(data)
    keep(into, SOME[:40])
    into.close()
    job = IndexJob.take(data)
    job.step(T)
    with Sealer(data) as sealer:
        assert sealer.seal(lambda: coverage.covered(data), now=T).records == 40
    into = writer(data)
    keep(into, SOME[40:])
    job.close()
    shutil.rmtree(coverage.top(data))
    job = IndexJob.take(data)
    for n in range(10):
        job.step(T + n * 1000)
    job.close()
    assert list(missing(Reader(data), [c.id for c, _ in SOME])) == []
    assert found(data) == len(SOME)
    into.close()


def test_rebuild_in_one_go_tells_its_progress(data: Path) -> None:
    into = writer(data)
    keep(into, SOME)
    job = IndexJob.take(data)
    job.step(T)
    told: list[tuple[int, int]] = []
    job.rebuild(T, lambda done, total: told.append((done, total)))
    job.close()
    assert told[-1] == (60, 60)
    assert found(data) == len(SOME)
    assert coverage.current(data) == coverage.top(data) / "2"
    into.close()


def test_a_rebuild_says_how_many_it_could_not_read(data: Path) -> None:
    into = writer(data)
    keep(into, SOME[:10])
    job = IndexJob.take(data)
    job.step(T)
    (log,) = (journal.folder(data) / into.journal.name).glob("*.log")
    content = bytearray(log.read_bytes())
    at = content.index(SOME[3][1])
    content[at : at + 4] = bytes(255 - b for b in content[at : at + 4])
    log.write_bytes(content)
    job.rebuild(T)
    job.close()
    answer = counts(Reader(data), Everything(), archived=10)
    assert (answer.searchable, answer.archived) == (9, 10)
    into.close()


def test_an_index_of_another_version_is_made_new(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    into = writer(data)
    keep(into, SOME)
    monkeypatch.setattr(tasks, "VERSION", 0)
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    monkeypatch.undo()
    with pytest.raises(NotIndexed, match="another version"):
        Reader(data)
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    assert found(data) == len(SOME)
    into.close()


def test_a_damaged_coverage_file_means_a_new_index(data: Path) -> None:
    into = writer(data)
    keep(into, SOME)
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    (coverage.top(data) / "1" / "coverage.json").write_text("{")
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    assert found(data) == len(SOME)
    into.close()


def test_records_of_a_writer_that_was_killed_are_found_too(data: Path) -> None:
    into = writer(data)
    keep(into, SOME[:5])
    (journal.folder(data) / into.journal.name / "durable").write_bytes(bytes(8))  # never written back
    into.journal._lease.close()
    job = IndexJob.take(data)
    job.step(T)
    job.close()
    assert found(data) == 5


def with_body(capture: Capture, body: bytes, sha256: bytes) -> Capture:
    return replace(capture, sha256=sha256, size=len(body))


def test_a_merge_that_ends_while_an_index_is_opened_is_no_damage(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 8: files of the commit before are gone then; where there was no other commit, they are missed."""
    into = writer(data)
    keep(into, SOME)
    into.close()
    with closing(IndexJob.take(data, bulk=True)) as job:
        job.catch_up(T)
    wanted, plain, merges = found(data), tantivy.Index.open, [2]

    def open_(folder: str) -> tantivy.Index:
        if merges[0]:
            merges[0] -= 1
            os.utime(Path(folder) / "meta.json", ns=(merges[0], merges[0]))
            raise ValueError("FileDoesNotExist")
        return plain(folder)

    monkeypatch.setattr(reader.tantivy, "Index", type("Index", (), {"open": staticmethod(open_)}))
    assert found(data) == wanted

    def gone(folder: str) -> tantivy.Index:
        raise ValueError("FileDoesNotExist")

    monkeypatch.setattr(reader.tantivy, "Index", type("Index", (), {"open": staticmethod(gone)}))
    with pytest.raises(DamagedIndex):
        Reader(data)
