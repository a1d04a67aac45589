"""What the workers do with what was kept: index, seal, ledger, delivery (P-23, promise 1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Archive, City, Gateway, Listener, Settings
from civicmail.core.disk import journal
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.checkup import job_registry
from civicmail.front.checkup.job_registry import Process
from civicmail.front.worker import mail, processes
from civicmail.front.worker.tick import tick
from civicmail.mail.archive import layout
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.links import read_pairs
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.replica import status
from civicmail.mail.search import coverage

SETTINGS = Settings(city=City(domains=["city.example"]), archive=Archive(seal_every=1, unsealed_most=1, checkpoint_every=1))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    layout.make(tmp_path)
    with closing(Writer(tmp_path, now_ms)) as writer:
        for n in range(3):
            body = b"Subject: letter %d\r\n\r\nhello\r\n" % n
            envelope = Envelope("ana@out.example", (Recipient("ben@city.example"),), now_ms())
            writer.receipt(capture_of(capture_id(envelope.received), scan(body), envelope, Source("mx")), body)
        writer.flush()
    return tmp_path


@pytest.fixture
def running(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Process], None]]:
    """Starts a worker in a thread, without the jobs that need tables; all of them must end within the time that SIGTERM leaves."""
    monkeypatch.setattr(job_registry, "JOBS", [job for job in job_registry.JOBS if not job.has_database])
    stop = threading.Event()
    threads = []

    def start(process: Process) -> None:
        threads.append(threading.Thread(target=processes.run, args=(process, SETTINGS, data, stop)))
        threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen within a minute"
        threading.Event().wait(0.02)


def _events(data: Path) -> list[Event]:
    return [Event.from_head(r.head) for r in Tail(data).poll() if r.type != Type.RECEIPT]


def test_the_courier_delivers_to_the_maildir(data: Path, running: Callable[[Process], None]) -> None:
    running("courier")
    box = data / "maildir" / "city.example" / "ben" / "new"
    _until(lambda: box.is_dir() and len(list(box.iterdir())) == 3)
    _until(lambda: sum(e.type == Type.DELIVERED for e in _events(data)) == 3)


def test_the_city_integrates_and_signs_and_the_journal_says_so(data: Path, running: Callable[[Process], None]) -> None:
    running("city")
    _until(lambda: sum(sequencer.positions(data).values()) >= 3)
    _until(lambda: checkpoints.latest(sequencer.folder(data)) is not None)
    _until(lambda: any(e.type == Type.CHECKPOINT for e in _events(data)))


def test_mail_is_indexed_and_sealed_only_when_ledger_and_index_have_it(data: Path, running: Callable[[Process], None]) -> None:
    running("mail")
    running("search")

    def indexed() -> bool:
        generation = coverage.current(data)
        covered = coverage.load(generation) if generation else None
        return covered is not None and sum(covered.journals.values()) >= 3

    _until(indexed)
    assert not list((data / "segments").rglob("*.seg"))
    running("city")
    _until(lambda: bool(list((data / "segments").rglob("*.seg"))))
    _until(lambda: journal.read_retired(journal.folder(data) / "0001") >= 3)
    assert Machine(data).count() == 3


def test_a_round_by_hand_links_what_came_by_smart_host_and_by_journal(data: Path) -> None:
    body = b"Subject: twice\r\n\r\nhello\r\n"
    with closing(Writer(data, now_ms)) as writer:
        for kind in ("mx", "journal"):
            envelope = Envelope("ana@out.example", (Recipient("ben@city.example"),), now_ms())
            writer.receipt(capture_of(capture_id(envelope.received), scan(body), envelope, Source(kind)), body)
        writer.flush()
    assert tick(SETTINGS, data).linked == 0, "nothing comes by journal here"
    settings = Settings(city=SETTINGS.city, gateway=Gateway(listener=[Listener(kind="journal")]))
    assert tick(settings, data).linked == 1
    assert len(list(read_pairs(data))) == 1
    assert tick(settings, data).linked == 0


@pytest.mark.rule("P-23, promise 1", "Nothing is sealed before the second place has it, unless too much waits.")
def test_nothing_is_sealed_before_the_second_place_has_it_unless_too_much_waits(data: Path) -> None:
    tick(SETTINGS, data)
    there = status.Status(now_ms(), now_ms(), "", {"0001": 2})
    status.write(data, there)
    whole = coverage.covered(data)["0001"]
    for most, standby, last in ((1 << 30, "tls://far.example:1", 2), (1 << 30, "", whole), (-1, "tls://far.example:1", whole)):
        settings = Settings(city=SETTINGS.city, archive=Archive(standby=standby, unsealed_most=most))
        with SealJob(data, settings.archive) as job:
            assert mail.sealable(settings, data, job)["0001"] == last
    assert whole > 2
