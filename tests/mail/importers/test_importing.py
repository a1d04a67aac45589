"""A whole import: what it keeps, what it knows the next time, and that it ends when everything can be found (P-23, P-24)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive as ArchiveSettings
from civicmail.core.disk.free_space import Room
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger import sequencer
from civicmail.core.query.parse import parse
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.mail.archive import layout, segments
from civicmail.mail.archive.commit import SPOOL_ABOVE, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.archive.tasks import closed_bytes
from civicmail.mail.importers import importing, indexing, intake
from civicmail.mail.importers.errors import ImportRunning, NoRoomToImport, NoSuchPath
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.importers.walk import Skipped
from civicmail.mail.search import coverage, message_reader, tasks
from civicmail.mail.search.counts import count, counts
from civicmail.mail.search.errors import NoRoom
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.importers.parserworks import command

NOW = 1_772_452_800_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    layout.make(folder)
    return folder


def _mail(n: int, body: bytes = b"hello\n") -> bytes:
    return b"From: ana@out.example\nSubject: letter %d\nMessage-ID: <%d@out.example>\n\n%s" % (n, n, body)


def _put(folder: Path, *messages: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i, raw in enumerate(messages):
        (folder / f"{i}.eml").write_bytes(raw)
    return folder


def _run(data: Path, *paths: Path, custodian: str = "", source: str = "", processes: int = 0) -> dict[str, int]:
    left: list[Skipped] = []
    told = ImportProgress(left.append, lambda read: None, lambda done, wanted: None)
    return run_import(data, Request(paths, custodian, source), told, lambda: NOW, processes).plain()


def _totals(stored: int = 0, known: int = 0, failed: int = 0) -> dict[str, int]:
    return {"read": stored + known + failed, "stored": stored, "known": known, "failed": failed}


def _captures(data: Path) -> Iterator[tuple[Capture, bytes]]:
    def damaged(error: Exception) -> None:
        raise error

    for stored in Machine(data).all_captures(damaged):
        yield Capture.from_head(stored.head), stored.body


def _found(data: Path, words: str) -> int:
    return count(Reader(data), parse(words, now=datetime.fromtimestamp(NOW / 1000, UTC)))


@pytest.mark.parametrize("processes", [0, 2])
def test_bytes_are_kept_and_found_and_integrated(tmp_path: Path, data: Path, processes: int) -> None:
    messages = [_mail(n) for n in range(200)]
    assert _run(data, _put(tmp_path / "in", *messages), processes=processes) == _totals(stored=200)
    kept = list(_captures(data))
    assert {body for _, body in kept} == set(messages)
    assert all(capture.sha256 == sha256(body).digest() and capture.size == len(body) for capture, body in kept)
    assert {c.message_id for c, _ in kept} == {f"{n}@out.example" for n in range(200)}
    assert _found(data, "subject:letter from:ana@out.example") == 200
    assert sum(sequencer.positions(data).values()) == 200


def test_the_same_occurrence_is_known_whatever_its_file_is_called_and_how_old_it_is(tmp_path: Path, data: Path) -> None:
    box = tmp_path / "box"
    for sub in ("cur", "new", "tmp"):
        (box / sub).mkdir(parents=True)
    for n in range(5):
        (box / "new" / f"{n}.x").write_bytes(_mail(n))
    assert _run(data, box) == _totals(stored=5)
    for n in range(5):
        (box / "new" / f"{n}.x").rename(box / "cur" / f"other{n}:2,SR")
        os.utime(box / "cur" / f"other{n}:2,SR", (1, 10_000 * n))
    assert _run(data, box) == _totals(known=5)


@pytest.mark.rule(
    "P-23, P-24",
    "Imported mail is recognized by its occurrence: owner, folder, bytes, ordinal of equal bytes there.",
)
def test_equal_bytes_in_one_folder_are_several_captures_and_stay_so(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in", _mail(1), _mail(1), _mail(2))
    assert _run(data, place) == _totals(stored=3)
    assert _run(data, place) == _totals(known=3)
    (place / "again.eml").write_bytes(_mail(1))
    assert _run(data, place) == _totals(stored=1, known=3)
    assert sorted(c.occurrence.ordinal for c, _ in _captures(data) if c.occurrence) == [0, 0, 1, 2]


def test_another_custodian_or_source_or_folder_is_another_occurrence(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in" / "a", _mail(1))
    _put(tmp_path / "in" / "b", _mail(1))
    assert _run(data, tmp_path / "in") == _totals(stored=2)
    assert _run(data, tmp_path / "in", custodian="clerk") == _totals(stored=2)
    assert _run(data, tmp_path / "in", source="tape 7") == _totals(stored=2)
    assert _run(data, place) == _totals(stored=1)
    assert _run(data, tmp_path / "in", custodian="clerk") == _totals(known=2)
    assert _found(data, "custodian:clerk") == 2


def test_an_archive_that_moves_keeps_its_name(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in", _mail(1))
    assert _run(data, place, source="tape 7") == _totals(stored=1)
    assert _run(data, place.rename(tmp_path / "moved"), source="tape 7") == _totals(known=1)


def test_one_path_named_twice_is_read_once(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in", _mail(1))
    assert _run(data, place, place) == _totals(stored=1)


def test_received_is_the_topmost_hop_else_the_age_of_the_file(tmp_path: Path, data: Path) -> None:
    hop = b"Received: from a by b; Fri, 01 May 2020 00:00:00 +0000\nReceived: from x by a; Thu, 30 Apr 2020 00:00:00 +0000\n"
    place = _put(tmp_path / "in", hop + _mail(1), _mail(2), b"Received: by b; Fri, 01 May 2099 00:00:00 +0000\n" + _mail(3))
    for name in ("0.eml", "1.eml", "2.eml"):
        os.utime(place / name, (1_000_000_000, 1_000_000_000))
    _run(data, place)
    found = {c.message_id[0]: (c.received, c.basis) for c, _ in _captures(data)}
    assert found == {"1": (1_588_291_200_000, "received"), "2": (10**12, "mailbox"), "3": (10**12, "mailbox")}


def test_large_messages_are_spooled_and_come_back(tmp_path: Path, data: Path) -> None:
    large = _mail(1, b"x" * 70 + b"\n") + b"y" * (SPOOL_ABOVE + 1)
    assert _run(data, _put(tmp_path / "in", large, _mail(2))) == _totals(stored=2)
    assert {body for _, body in _captures(data)} == {large, _mail(2)}
    assert _run(data, tmp_path / "in") == _totals(known=2)


def test_a_message_that_no_reader_survives_is_kept_and_counted_as_unreadable(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "COMMAND", command("deadly"))
    read = message_reader.surely

    def surely(body: bytes) -> object:
        if b"letter 3" in body:
            raise Unreadable(CRASHED)
        return read(body)

    monkeypatch.setattr(message_reader, "surely", surely)
    messages = [_mail(n) for n in range(9)]
    assert _run(data, _put(tmp_path / "in", *messages), processes=3) == _totals(stored=9)
    assert {body for _, body in _captures(data)} == set(messages)
    assert _found(data, "letter") == 8
    found = counts(Reader(data), parse("", now=datetime.fromtimestamp(NOW / 1000, UTC)), archived=9)
    assert (found.searchable, found.unreadable) == (9, 1)


def test_an_import_waits_for_whoever_holds_the_index(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in", *[_mail(n) for n in range(20)])
    stop = threading.Event()

    def work(job: IndexJob) -> None:
        with closing(job):
            now = NOW
            while not stop.wait(0.01):
                now += 1000
                job.step(now)

    worker = threading.Thread(target=work, args=(IndexJob.take(data),))
    worker.start()
    try:
        assert _run(data, place) == _totals(stored=20)
        assert _found(data, "letter") == 20
    finally:
        stop.set()
        worker.join()


def test_what_a_killed_import_kept_is_known_and_becomes_searchable(tmp_path: Path, data: Path) -> None:
    """The child dies after its first batch is durable and before anything is indexed."""
    place = _put(tmp_path / "in", *[_mail(n, b"x" * 1000 + b"\n") for n in range(30)])
    pid = os.fork()
    if pid == 0:
        intake.FLUSH_BYTES = 10_000
        indexing.Searchable.durable = lambda self, batch: os._exit(9)  # type: ignore[method-assign, assignment]
        _run(data, place)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    again = _run(data, place)
    assert again["known"] > 0
    assert again["stored"] > 0
    assert again["known"] + again["stored"] == 30
    assert len(list(_captures(data))) == 30
    assert _found(data, "letter") == 30


@pytest.mark.rule("P-23, P-24", "Every item that could not be imported is counted as failed.")
def test_totals_count_what_failed(tmp_path: Path, data: Path) -> None:
    place = _put(tmp_path / "in", _mail(1))
    (place / "gone.eml").symlink_to(tmp_path / "nowhere")
    (place / "notes.txt").write_text("no mail")
    assert _run(data, place) == _totals(stored=1, failed=1)


def test_a_path_that_is_not_there_stops_before_anything_is_read(tmp_path: Path, data: Path) -> None:
    with pytest.raises(NoSuchPath) as caught:
        _run(data, _put(tmp_path / "in", _mail(1)), tmp_path / "nowhere")
    assert caught.value.exit_code == 2
    assert Machine(data).count() == 0


def test_two_imports_at_once_are_refused(tmp_path: Path, data: Path) -> None:
    with Lease.take(lease_path(data, "import")), pytest.raises(ImportRunning) as caught:
        _run(data, _put(tmp_path / "in", _mail(1)))
    assert caught.value.exit_code == 5


def test_nothing_to_import_leaves_an_index_that_says_so(tmp_path: Path, data: Path) -> None:
    (tmp_path / "in").mkdir()
    assert _run(data, tmp_path / "in") == _totals()
    assert coverage.current(data) is not None


def test_an_import_seals_in_between_when_nobody_else_does(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Design, "Journal": unsealed journals stay below the limit, also with nothing but an import running."""
    monkeypatch.setattr(intake, "FLUSH_BYTES", 30_000)
    monkeypatch.setattr(importing, "Writer", lambda d, clock: Writer(d, clock, file_size=40_000))
    most = 0

    def seen(n: int) -> None:
        nonlocal most
        most = max(most, closed_bytes(data))

    monkeypatch.setattr(importing, "REPORT_EVERY", 10)
    folder = _put(tmp_path / "in", *(_mail(n, b"%d " % n * 500) for n in range(300)))
    told = ImportProgress(lambda left: None, seen, lambda done, wanted: None)
    totals = run_import(data, Request((folder,)), told, lambda: NOW, 0, settings=ArchiveSettings(unsealed_most=100_000))
    assert totals.stored == 300
    assert 0 < most < 300_000
    assert len(list(segments.listed(data))) > 3
    assert len(list(_captures(data))) == 300
    assert _found(data, "letter") == 300
    assert _run(data, folder) == _totals(known=300)


@pytest.mark.rule(
    "P-23, promise 6",
    "An import stops before less than `gateway.min_free` is free, reports how much it has stored, and continues when it "
    "is run again.",
)
def test_an_import_stops_before_what_must_stay_free_and_goes_on_from_there(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored by then is kept and searchable; the same import stores the rest. The words say what to do."""
    free = iter([2_000_000] * 5 + [999_999] * 100)
    monkeypatch.setattr(importing, "Room", lambda place, least: Room(place, least, lambda _: next(free)))
    folder = _put(tmp_path / "in", *(_mail(n) for n in range(8)))
    told = ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None)
    with pytest.raises(NoRoomToImport, match=r"5 messages were stored now, and 0 before.*same command"):
        run_import(data, Request((folder,)), told, lambda: NOW, 0, least=1_000_000)
    assert len(list(_captures(data))) == 5
    assert _run(data, folder) == _totals(stored=3, known=5)
    assert _found(data, "letter") == 8
    assert run_import(data, Request((folder,)), told, lambda: NOW, 0, least=1_000_000).known == 8  # nothing new needs no room


def test_an_import_does_not_wait_for_an_index_that_rests(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds the index says that its volume has no room; the import has stored everything, and says so."""
    folder = _put(tmp_path / "in", _mail(1))
    told = ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None)
    monkeypatch.setattr(importing, "Room", lambda place, least: Room(place, 0))  # that of the archive has room
    with closing(IndexJob.take(data, least=1 << 60)) as job:
        job.step(NOW)
        with pytest.raises(NoRoom, match="Everything was stored, but is not searchable yet"):
            run_import(data, Request((folder,)), told, lambda: NOW, 0, least=1 << 60)
    assert len(list(_captures(data))) == 1


def test_an_import_writes_no_index_below_what_must_stay_free(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an index on a volume of its own, which an import writes itself."""
    monkeypatch.setattr(tasks, "BULK_COMMIT_BYTES", 1)
    monkeypatch.setattr(tasks, "Room", lambda place, least: Room(place, least, lambda _: next(free)))
    free = iter([2_000_000] + [999_999] * 100)
    folder = _put(tmp_path / "in", _mail(1))
    told = ImportProgress(lambda left: None, lambda read: None, lambda done, wanted: None)
    with pytest.raises(NoRoom):
        run_import(data, Request((folder,)), told, lambda: NOW, 0, least=1_000_000)
    assert coverage.is_paused(data) and coverage.covered(data) == {}
    assert _run(data, folder) == _totals(known=1)
    assert _found(data, "letter") == 1


def test_where_somebody_else_seals_an_import_leaves_it_to_them(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FLUSH_BYTES", 30_000)
    monkeypatch.setattr(importing, "Writer", lambda d, clock: Writer(d, clock, file_size=40_000))
    folder = _put(tmp_path / "in", *(_mail(n, b"%d " % n * 500) for n in range(100)))
    told = ImportProgress(lambda left: None, lambda n: None, lambda done, wanted: None)
    with Lease.take(lease_path(data, "seal")):
        run_import(data, Request((folder,)), told, lambda: NOW, 0, settings=ArchiveSettings(unsealed_most=50_000))
    assert list(segments.listed(data)) == []
    assert len(list(_captures(data))) == 100


def test_a_seal_that_fails_does_not_end_an_import(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FLUSH_BYTES", 30_000)
    monkeypatch.setattr(importing, "Writer", lambda d, clock: Writer(d, clock, file_size=40_000))
    (data / "outstanding" / "snapshot").write_bytes(b"rubbish")
    folder = _put(tmp_path / "in", *(_mail(n, b"%d " % n * 500) for n in range(100)))
    told = ImportProgress(lambda left: None, lambda n: None, lambda done, wanted: None)
    totals = run_import(data, Request((folder,)), told, lambda: NOW, 0, settings=ArchiveSettings(unsealed_most=50_000))
    assert totals.stored == 100
    assert list(segments.listed(data)) == []
