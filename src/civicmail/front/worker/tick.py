"""Run every worker job once, in order of dependency: index, attachments, held mail, links, learning, ledger, seal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.sandbox.ocr import find_tesseract as find_ocr
from civicmail.front.worker import (
    auto_replies,
    findings,
    hooks,
    message_removal,
    notices,
    offboarding,
    pickups,
    reports,
    rules,
    sending,
    siem,
)
from civicmail.front.worker.city import record_checkpoint
from civicmail.front.worker.mail import has_links, learns, sealable
from civicmail.front.worker.people_jobs import Prepare, one_round
from civicmail.mail.archive.link_job import LinkJob
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.courier.release_holds import HoldReleaser
from civicmail.mail.pipeline.learning_job import LEASE, LearnJob
from civicmail.mail.search.errors import NoRoom
from civicmail.mail.search.extract import ExtractJob
from civicmail.mail.search.tasks import IndexJob


@dataclass(slots=True)
class Done:
    """Records integrated, indexed and sealed; extracted: captures whose attachments were read; released: held messages that may go;
    linked: links recorded; looked: records that the learner looked at; signed: 1 when a checkpoint was signed; carried: entries of
    people's acts; dated: what had a date that has come; noticed: notices that were sent; written: messages of the
    pages that were sent or refused; answered: messages that mailboxes answered by themselves; told:
    entries that programs were told of; busy: leases that others hold."""

    integrated: int = 0
    indexed: int = 0
    extracted: int = 0
    released: int = 0
    linked: int = 0
    looked: int = 0
    sealed: int = 0
    signed: int = 0
    carried: int = 0
    dated: int = 0
    noticed: int = 0
    written: int = 0
    answered: int = 0
    told: int = 0
    busy: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def tick(settings: Settings, data: Path, prepare: Prepare | None = None) -> Done:
    """Do one round; what cannot be done for want of a lease is named. prepare: of the database, where there is one."""
    done = Done()
    if prepare is not None:
        done.dated, done.carried, busy = one_round(data, prepare, now_ms)
        done.busy += busy
        _of_people(settings, data, done)
    for name, job in (
        ("index", _index),
        ("extract", _extract),
        ("returning", _returning),
        ("link", _link),
        ("learn", _learn),
        ("ledger", _ledger),
        ("seal", _seal),
    ):
        try:
            job(settings, data, done)
        except LeaseHeld:
            done.busy.append(name)
    return done


def _of_people(settings: Settings, data: Path, done: Done) -> None:
    """Run the jobs that need the database, each under its lease; counts go to the named fields."""
    rounds: tuple[tuple[str, str, Callable[[], int]], ...] = (
        (findings.LEASE, "dated", lambda: findings.one_round(data, now_ms)),
        (pickups.LEASE, "dated", lambda: pickups.one_round(settings, data, now_ms)),
        (notices.LEASE, "noticed", lambda: notices.one_round(settings, data, now_ms)),
        (sending.LEASE, "written", lambda: sending.one_round(settings, data, now_ms)),
        (auto_replies.LEASE, "answered", lambda: auto_replies.one_round(settings, data, now_ms)),
        (offboarding.LEASE, "dated", lambda: offboarding.one_round(settings, data, now_ms)),
        (rules.LEASE, "dated", lambda: rules.one_round(data, now_ms)),
        (reports.LEASE, "dated", lambda: reports.one_round(data, now_ms)),
        (message_removal.LEASE, "dated", lambda: message_removal.one_round(settings, data, now_ms)),
        (hooks.LEASE, "told", lambda: hooks.one_round(settings, data, now_ms)),
        (siem.LEASE, "told", lambda: siem.one_round(settings, data, now_ms)),
    )
    for lease, count, round_ in rounds:
        try:
            setattr(done, count, getattr(done, count) + round_())
        except LeaseHeld:
            done.busy.append(lease)


def _index(settings: Settings, data: Path, done: Done) -> None:
    """Takes what dead owners have left, too. Nothing where the volume has no room: doctor says so."""
    with closing(IndexJob.take(data, bulk=True, least=settings.gateway.min_free)) as job, suppress(NoRoom):
        behind = job.behind()
        job.catch_up(now_ms())
        done.indexed = behind


def _extract(settings: Settings, data: Path, done: Done) -> None:
    """Attachments that wait are read, scans too, and indexed at once."""
    ocr = find_ocr(settings.search.ocr_languages)
    for lane in (None, ocr) if ocr else (None,):
        with closing(ExtractJob(data, lane)) as job:
            while read := job.step():
                done.extracted += read
        if done.extracted:
            _index(settings, data, Done())


def _returning(_settings: Settings, data: Path, done: Done) -> None:
    with Lease.take(lease_path(data, "returning")):
        done.released = HoldReleaser(data, SnapshotWatcher(data, now_ms), now_ms).step()


def _link(settings: Settings, data: Path, done: Done) -> None:
    """Link copies of one message that came by smart host and by journal."""
    if has_links(settings):
        with Lease.take(lease_path(data, "link")), closing(LinkJob(data, now_ms())) as job:
            done.linked = job.step(now_ms())
            job.step(now_ms())  # what it has just recorded counts for `--unique`


def _learn(settings: Settings, data: Path, done: Done) -> None:
    """Train the model from people's verdicts."""
    if learns(settings):
        with Lease.take(lease_path(data, LEASE)), closing(LearnJob.from_settings(settings, data, now_ms())) as job:
            while looked := job.step(now_ms()):
                done.looked += looked


def _ledger(settings: Settings, data: Path, done: Done) -> None:
    now = now_ms()
    with Sequencer(data) as ledger:
        done.integrated = ledger.integrate(now)
        if ledger.due(now, settings.archive.checkpoint_every * 1000):
            record_checkpoint(data, ledger.checkpoint(now), now)
            ledger.integrate(now)
            done.signed = 1


def _seal(settings: Settings, data: Path, done: Done) -> None:
    with SealJob(data, settings.archive) as job:  # its first step is always due
        report = job.step(lambda: sealable(settings, data, job), now_ms())
        done.sealed = report.records if report else 0
