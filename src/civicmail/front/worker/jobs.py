"""The jobs of the worker processes: mail (index, seal, adopt), courier, city (ledger), standby (to the second place, if any)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from civicmail.city.directory.standing import Standing
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Settings
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import adopt
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.sandbox.ocr import found as find_ocr
from civicmail.front.worker.loops import Job, Work, run_all, run_job
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.links import LinkJob
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.replica.tasks import Replicate
from civicmail.mail.search import coverage
from civicmail.mail.search.extract import ExtractJob
from civicmail.mail.search.tasks import IndexJob

INDEX_EVERY = 0.1
EXTRACT_EVERY = 0.5
OCR_LOOK_EVERY = 5.0
ADOPT_EVERY = 5.0
LINK_EVERY = 1.0
SEAL_LOOK_EVERY = 5.0
LEDGER_EVERY = 1.0
SHORT_JOURNAL = 1 << 20  # bytes of a journal file that is taken for a few records


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# -- mail ------------------------------------------------------------------------------------------------------------------


def run_mail(settings: Settings, data: Path, stop: threading.Event) -> None:
    """What was kept becomes searchable, with its attachments, and sealed."""
    jobs = [
        Job("index", lambda: _index(data), INDEX_EVERY),
        Job("extract", lambda: _extract(data, stop), EXTRACT_EVERY),
        Job("ocr", lambda: _ocr(settings, data, stop), OCR_LOOK_EVERY),
        Job("seal", lambda: _seal(settings, data), SEAL_LOOK_EVERY),
        Job("adopt", lambda: _adopt(data), ADOPT_EVERY),
    ]
    if any(listener.kind == "journal" for listener in settings.gateway.listener):
        jobs.append(Job("link", lambda: _link(data), LINK_EVERY, lease="link"))
    run_all(jobs, data, stop)


@contextmanager
def _index(data: Path) -> Iterator[Work]:
    with closing(IndexJob.take(data)) as job:
        yield lambda: job.step(now_ms()) > 0


@contextmanager
def _extract(data: Path, stop: threading.Event) -> Iterator[Work]:
    with closing(ExtractJob(data, stopped=stop.is_set)) as job:
        yield lambda: job.step() > 0


@contextmanager
def _ocr(settings: Settings, data: Path, stop: threading.Event) -> Iterator[Work]:
    """Pictures wait where there is no tesseract; doctor says so."""
    ocr = find_ocr(settings.search.ocr_languages)
    if ocr is None:
        yield lambda: False
        return
    with closing(ExtractJob(data, ocr, stopped=stop.is_set)) as job:
        yield lambda: job.step() > 0


@contextmanager
def _link(data: Path) -> Iterator[Work]:
    """What came by smart host and by journal is one message."""
    with closing(LinkJob(data, now_ms())) as job:
        yield lambda: job.step(now_ms()) > 0


@contextmanager
def _adopt(data: Path) -> Iterator[Work]:
    def work() -> bool:
        adopt(data)
        return False

    yield work


@contextmanager
def _seal(settings: Settings, data: Path) -> Iterator[Work]:
    """Closed journal files are sealed every few minutes, and at once when there is more of them than the settings allow."""
    with SealJob(data, settings.archive) as job:

        def work() -> bool:
            job.step(lambda: coverage.covered(data), now_ms())
            return False

        yield work


# -- courier ---------------------------------------------------------------------------------------------------------------


def run_courier(settings: Settings, data: Path, stop: threading.Event) -> None:
    """What was accepted leaves. One call of the courier lasts until stop, or until something fails; then another one begins."""

    @contextmanager
    def start() -> Iterator[Work]:
        def work() -> bool:
            asyncio.run(_deliver(settings, data, stop))
            return False

        yield work

    run_job(Job("courier", start, 1.0), data, stop)


async def _deliver(settings: Settings, data: Path, stop: threading.Event) -> None:
    asked = asyncio.Event()
    own = GroupCommit(Writer(data, now_ms))  # for reports to our senders: mail of our own takes the way of all mail
    standing = Standing(settings, data)
    watch = asyncio.create_task(_watch(stop, asked, own, standing))
    try:
        await deliver.run(settings, data, asked, Pipeline(own, standing.of).accept, now_ms)
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await own.close()


async def _watch(stop: threading.Event, asked: asyncio.Event, own: GroupCommit, standing: Standing) -> None:
    """Bring a signal, which a thread event carries, into the loop; meanwhile let a journal file that is idle be closed, and see
    who is here."""
    while not stop.is_set():
        await asyncio.sleep(0.1)
        own.rotate_if_idle()
        standing.refresh()
    asked.set()


# -- standby ---------------------------------------------------------------------------------------------------------------


def run_standby(settings: Settings, data: Path, stop: threading.Event) -> None:
    """What is kept here is kept in the second place, too. Alone in its process: a 250 may wait for it."""
    if not settings.archive.standby:
        raise ConfigError("[archive] standby names no second place.")

    @contextmanager
    def start() -> Iterator[Work]:
        def work() -> bool:
            Replicate(data, settings.archive, now_ms).run(stop)
            return False

        yield work

    run_job(Job("replicate", start, 1.0, lease="replicate"), data, stop)


# -- city ------------------------------------------------------------------------------------------------------------------


def run_city(settings: Settings, data: Path, stop: threading.Event) -> None:
    """Every record becomes a leaf of the ledger within a second; a signed checkpoint follows every hour."""
    run_all([Job("ledger", lambda: _ledger(settings, data), LEDGER_EVERY)], data, stop)


@contextmanager
def _ledger(settings: Settings, data: Path) -> Iterator[Work]:
    with Sequencer(data) as ledger:

        def work() -> bool:
            now = now_ms()
            ledger.integrate(now)
            if ledger.due(now, settings.archive.checkpoint_every * 1000):
                record_checkpoint(data, ledger.checkpoint(now), now)
            return False

        yield work


def record_checkpoint(data: Path, signed: Checkpoint, now: int) -> None:
    """Write a checkpoint into a journal too, so that a ledger that was set back is found out."""
    with closing(Writer(data, lambda: now, file_size=SHORT_JOURNAL)) as writer:
        writer.event(Event(Type.CHECKPOINT, NO_ID, now, facts=dict(signed.facts)))
        writer.flush()
