"""Jobs of the mail worker: seal journals, read attachments, screen again, link copies, train the spam filter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import adopt as adopt_journals
from civicmail.core.sandbox.ocr import find_tesseract
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext
from civicmail.front.worker.search import index_once
from civicmail.mail.archive.link_job import LinkJob
from civicmail.mail.archive.status_index import StatusConsumer
from civicmail.mail.archive.tasks import SealJob
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.learning_job import LearnJob
from civicmail.mail.pipeline.rescreening import Rescreening
from civicmail.mail.replica import status
from civicmail.mail.search import coverage
from civicmail.mail.search.extract import ExtractJob


def extract(context: JobContext) -> Iterator[Work]:
    """Read the text of attachments for the index."""
    with closing(ExtractJob(context.data, stopped=context.stop.is_set)) as job:
        yield job.step


def extract_once(context: JobContext) -> dict[str, int]:
    """Attachments that wait are read, scans too, and indexed at once."""
    extracted = 0
    ocr = find_tesseract(context.settings.search.ocr_languages)
    for lane in (None, ocr) if ocr else (None,):
        with closing(ExtractJob(context.data, lane)) as job:
            while read := job.step():
                extracted += read
        if extracted:
            index_once(context)
    return {"extracted": extracted}


def ocr(context: JobContext) -> Iterator[Work]:
    """Read pictures and scans for the index.

    They wait where there is no tesseract; doctor says so."""
    ocr = find_tesseract(context.settings.search.ocr_languages)
    if ocr is None:
        yield lambda: 0
        return
    with closing(ExtractJob(context.data, ocr, stopped=context.stop.is_set)) as job:
        yield job.step


def link(context: JobContext) -> Iterator[Work]:
    """Link copies of one message that came by smart host and by journal."""
    with closing(LinkJob(context.data, now_ms())) as job:
        yield lambda: job.step(now_ms())


def screen(context: JobContext) -> Iterator[Work]:
    """Screen messages again for which a part of screening was unavailable on receipt."""
    settings, data = context.settings, context.data
    with closing(Evaluator(settings, data, now_ms, patient=True)) as judging, asyncio.Runner() as runner:
        yield Rescreening(settings, data, now_ms, judging, runner).step


def statuses(context: JobContext) -> Iterator[Work]:
    """List which captures were delivered, failed, rejected or archived only, for the page *Trace*."""
    reader = JournalReader(context.data, StatusConsumer(context.data, context.clock()), context.clock)
    yield reader.step
    reader.finish()


def learn(context: JobContext) -> Iterator[Work]:
    """Train the spam filter from people's verdicts."""
    with closing(LearnJob.from_settings(context.settings, context.data, now_ms())) as job:
        yield lambda: job.step(now_ms())


def adopt(context: JobContext) -> Iterator[Work]:
    """Close the journals of processes that died."""
    yield lambda: len(adopt_journals(context.data))


def sealable(settings: Settings, data: Path, job: SealJob) -> Mapping[str, int]:
    """{journal: number} up to which the index has it, and the second place too, unless more than enough waits to be sealed.

    What is sealed before it was sent comes to the copy as a segment, with the next turn: until then the copy has a gap.
    """
    covered = coverage.covered(data)
    standby = status.read(data) if settings.archive.standby else None
    if standby is None or not standby.positions or job.is_much():
        return covered
    return {name: min(last, standby.positions.get(name, 0)) for name, last in covered.items()}


def seal(context: JobContext) -> Iterator[Work]:
    """Seal closed journal files into segments.

    Every few minutes, and at once when there is more of them than the settings allow."""
    with SealJob(context.data, context.settings.archive) as job:

        def work() -> int:
            report = job.step(lambda: sealable(context.settings, context.data, job), now_ms())
            return report.records if report else 0

        yield work
