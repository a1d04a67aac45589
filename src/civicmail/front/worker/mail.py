"""The mail worker: seal journals, read attachments, train the spam filter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import adopt
from civicmail.core.sandbox.ocr import find_tesseract as find_ocr
from civicmail.front.worker import baselines
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.mail.archive.link_job import LinkJob
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.pipeline import learning_job
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.learning_job import LearnJob
from civicmail.mail.pipeline.rescreening import Rescreening
from civicmail.mail.replica import status
from civicmail.mail.search import coverage
from civicmail.mail.search.extract import ExtractJob

EXTRACT_EVERY = 0.5
OCR_LOOK_EVERY = 5.0
ADOPT_EVERY = 5.0
LINK_EVERY = 1.0
SEAL_LOOK_EVERY = 1.0
SCREEN_EVERY = 1.0
LEARN_EVERY = 1.0


def run(settings: Settings, data: Path, stop: threading.Event) -> None:
    """Seal journals, read attachments for the index, and train the spam filter."""
    jobs = [
        Job("extract", lambda: _extract(data, stop), EXTRACT_EVERY),
        Job("ocr", lambda: _ocr(settings, data, stop), OCR_LOOK_EVERY),
        Job("seal", lambda: _seal(settings, data), SEAL_LOOK_EVERY, lends="seal"),
        Job("adopt", lambda: _adopt(data), ADOPT_EVERY),
        Job("screen", lambda: _screen(settings, data), SCREEN_EVERY, lease="screen"),
    ]
    if settings.containment.on:
        jobs.append(baselines.job(settings, data, now_ms))
    if learns(settings):
        jobs.append(Job("learn", lambda: _learn(settings, data), LEARN_EVERY, lease=learning_job.LEASE))
    if has_links(settings):
        jobs.append(Job("link", lambda: _link(data), LINK_EVERY, lease="link"))
    run_all("mail", jobs, data, stop)


def learns(settings: Settings) -> bool:
    """Whether any check uses what would be learned."""
    return "spam" in settings.screening.checks


def has_links(settings: Settings) -> bool:
    """Whether a message may come twice, by smart host and by journal."""
    return any(listener.kind == "journal" for listener in settings.gateway.listener)


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
    """Link copies of one message that came by smart host and by journal."""
    with closing(LinkJob(data, now_ms())) as job:
        yield lambda: job.step(now_ms()) > 0


@contextmanager
def _screen(settings: Settings, data: Path) -> Iterator[Work]:
    """Screen messages that could not be screened on receipt."""
    with closing(Evaluator(settings, data, now_ms, patient=True)) as judging, asyncio.Runner() as runner:
        job = Rescreening(settings, data, now_ms, judging, runner)
        yield lambda: job.step() > 0


@contextmanager
def _learn(settings: Settings, data: Path) -> Iterator[Work]:
    """Train the model from people's verdicts."""
    with closing(LearnJob.from_settings(settings, data, now_ms())) as job:
        yield lambda: job.step(now_ms()) > 0


@contextmanager
def _adopt(data: Path) -> Iterator[Work]:
    def work() -> bool:
        adopt(data)
        return False

    yield work


def sealable(settings: Settings, data: Path, job: SealJob) -> Mapping[str, int]:
    """{journal: number} up to which the index has it, and the second place too, unless more than enough waits to be sealed.

    What is sealed before it was sent comes to the copy as a segment, with the next turn: until then the copy has a gap.
    """
    covered = coverage.covered(data)
    standby = status.read(data) if settings.archive.standby else None
    if standby is None or not standby.positions or job.is_much():
        return covered
    return {name: min(last, standby.positions.get(name, 0)) for name, last in covered.items()}


@contextmanager
def _seal(settings: Settings, data: Path) -> Iterator[Work]:
    """Closed journal files are sealed every few minutes, and at once when there is more of them than the settings allow."""
    with SealJob(data, settings.archive) as job:

        def work() -> bool:
            job.step(lambda: sealable(settings, data, job), now_ms())
            return False

        yield work
