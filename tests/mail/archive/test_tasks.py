"""The seal job: when it is time, and not before ledger, index and outstanding snapshot have seen the records (P-15)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive as Settings
from civicmail.core.disk import journal
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import Files
from civicmail.core.disk.tail import Positions
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.mail.archive import keyring, outstanding_file, segments
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from civicmail.mail.archive.tasks import SealJob, closed_bytes
from mail.archive.making import NOW, UNSYNCED, capture, fill, passed_all, spooled, writer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    keyring.create(tmp_path, files=UNSYNCED)
    fill(tmp_path, [b"x" * 900 for _ in range(12)], file_size=8192)
    return tmp_path


def test_it_is_time_every_so_often_and_at_once_when_much_waits(data: Path) -> None:
    with SealJob(data, Settings(unsealed_most=1 << 30, seal_every=300)) as job:
        assert job.due(NOW)
        assert job.step(dict, NOW) is not None
        assert job.step(dict, NOW + 299_999) is None
        assert job.due(NOW + 300_000)
        assert job.due(NOW - 1), "the clock was set back"
    with SealJob(data, Settings(unsealed_most=closed_bytes(data) - 1, seal_every=300)) as job:
        job.step(dict, NOW)
        assert not job.due(NOW + 1999)
        assert job.due(NOW + 2000)
        job.step(dict, NOW + 2000)
        assert not job.due(NOW + 5999), "where nothing can be sealed it is tried less and less often"
        assert job.due(NOW + 6000)


@pytest.mark.rule(
    "P-15, promise 1, promise 8",
    "No journal file is sealed before ledger, index and the snapshot of outstanding recipients have passed it.",
)
def test_a_record_is_sealed_when_ledger_index_and_snapshot_have_all_seen_it(data: Path) -> None:
    with SealJob(data, Settings()) as job:
        report = job.step(lambda: passed_all(data), NOW)
        assert report is not None and report.records == 0, "the ledger has seen nothing"
        with Sequencer(data) as ledger:
            while ledger.integrate(NOW):
                pass
            ledger.checkpoint(NOW)
        report = job.step(dict, NOW + 400_000)
        assert report is not None and report.records == 0, "the index has seen nothing"
        report = job.step(lambda: {"0001": 24}, NOW + 800_000)
        assert report is not None and report.records == 24
    assert outstanding_file.load(data).positions["0001"] >= 24
    assert Store(data).count() == 12
    assert journal.log_files(data / "journal" / "0001") == []
    assert len(list(segments.listed(data))) == 3


@pytest.mark.rule("P-01", "Outstanding recipients are saved once for all files of a seal.")
def test_what_is_outstanding_is_saved_once_for_all_that_is_sealed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day's mail it takes seconds."""
    saved, advance = list[int](), outstanding_file.advance

    def counted(data: Path, now: int, files: Files) -> Positions:
        saved.append(now)
        return advance(data, now, files)

    monkeypatch.setattr(outstanding_file, "advance", counted)
    with Sequencer(data) as ledger:
        while ledger.integrate(NOW):
            pass
    with SealJob(data, Settings()) as job:
        report = job.seal(lambda: passed_all(data), NOW)
    assert (report.records, report.blocked, saved) == (24, [], [NOW])


def test_a_file_that_cannot_be_sealed_is_told_once(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Sequencer(data) as ledger:
        ledger.integrate(NOW)
    _, path = journal.log_files(data / "journal" / "0001")[0]
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    caplog.set_level(logging.ERROR)
    with SealJob(data, Settings()) as job:
        for n in range(3):
            report = job.step(lambda: passed_all(data), NOW + n * 400_000)
            assert report is not None and len(report.blocked) == 1
    assert job._reported == set(report.blocked)


def test_only_one_process_has_the_job(data: Path) -> None:
    with SealJob(data, Settings()), pytest.raises(LeaseHeld):
        SealJob(data, Settings())


def test_closed_bytes_are_those_of_files_that_their_journal_has_left(tmp_path: Path) -> None:
    assert closed_bytes(tmp_path) == 0
    w = writer(tmp_path)
    w.close()
    fill(tmp_path, [b"x" * 900 for _ in range(12)], file_size=8192)
    known = journal.log_files(tmp_path / "journal" / "0001")
    assert len(known) > 2
    assert closed_bytes(tmp_path) == sum(p.stat().st_size for _, p in known[:-1])


def test_spool_files_count_and_many_of_them_fill_a_file_so_that_they_can_be_sealed(tmp_path: Path) -> None:
    """Design, "Journal": unsealed journals stay small, whatever the size of the messages."""
    keyring.create(tmp_path, files=UNSYNCED)
    w = writer(tmp_path)
    body = b"x" * 600_000
    for n in range(5):
        spooled(w, capture(body, received=NOW + n), body)
        w.flush()
    place = tmp_path / "journal" / "0001"
    known = journal.log_files(place)
    assert [first for first, _ in known] == [1, 2, 3, 4, 5], "two would be more than the megabyte of a file"
    assert closed_bytes(tmp_path) == 5 * len(body) + sum(p.stat().st_size for _, p in known[:-1])
    with Sealer(tmp_path, UNSYNCED) as sealer:
        assert sealer.seal(lambda: passed_all(tmp_path), now=NOW).records == 4
    assert len(list((place / "spool").iterdir())) == 1
    w.close()
