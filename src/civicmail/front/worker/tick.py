"""One round of every job that a lease lets us do, in the order in which they wait for each other: index, attachments, ledger,
seal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.sandbox.ocr import found as find_ocr
from civicmail.front.worker import jobs
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.search import coverage
from civicmail.mail.search.extract import ExtractJob
from civicmail.mail.search.tasks import IndexJob


@dataclass(slots=True)
class Done:
    """Records integrated, indexed and sealed; extracted: captures whose attachments were read; signed: 1 when a checkpoint was
    signed; busy: leases that others hold."""

    integrated: int = 0
    indexed: int = 0
    extracted: int = 0
    sealed: int = 0
    signed: int = 0
    busy: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def tick(settings: Settings, data: Path) -> Done:
    """Do one round; what cannot be done for want of a lease is named."""
    done = Done()
    for name, job in (("index", _index), ("extract", _extract), ("ledger", _ledger), ("seal", _seal)):
        try:
            job(settings, data, done)
        except LeaseHeld:
            done.busy.append(name)
    return done


def _index(_settings: Settings, data: Path, done: Done) -> None:
    with closing(IndexJob.take(data, bulk=True)) as job:  # takes what dead owners have left, too
        done.indexed = job.behind()
        job.catch_up(jobs.now_ms())


def _extract(settings: Settings, data: Path, done: Done) -> None:
    """Attachments that wait are read, scans too, and indexed at once."""
    ocr = find_ocr(settings.search.ocr_languages)
    for lane in (None, ocr) if ocr else (None,):
        with closing(ExtractJob(data, lane)) as job:
            while read := job.step():
                done.extracted += read
        if done.extracted:
            with closing(IndexJob.take(data, bulk=True)) as index:
                index.catch_up(jobs.now_ms())


def _ledger(settings: Settings, data: Path, done: Done) -> None:
    now = jobs.now_ms()
    with Sequencer(data) as ledger:
        done.integrated = ledger.integrate(now)
        if ledger.due(now, settings.archive.checkpoint_every * 1000):
            jobs.record_checkpoint(data, ledger.checkpoint(now), now)
            ledger.integrate(now)
            done.signed = 1


def _seal(settings: Settings, data: Path, done: Done) -> None:
    with SealJob(data, settings.archive) as job:  # its first step is always due
        report = job.step(lambda: coverage.covered(data), jobs.now_ms())
        done.sealed = report.records if report else 0
