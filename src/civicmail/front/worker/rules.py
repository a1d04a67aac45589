"""Jobs for mail rules: start and end days, the published file, hits, replays (P-29)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext


def rule_book(context: JobContext) -> Iterator[Work]:
    """Begin and end mail rules on their day, and publish the rules in force."""
    from civicmail.desk.oversight.tasks import sweep

    yield lambda: sweep(context.data, context.clock())


def hits(context: JobContext) -> Iterator[Work]:
    """Count how often each rule matched."""
    from civicmail.desk.oversight.tasks import Counting

    reader = JournalReader(context.data, Counting(context.data), context.clock)
    yield reader.step
    reader.finish()


def replays(context: JobContext) -> Iterator[Work]:
    """Replay proposed rules over archived mail."""
    from civicmail.desk.oversight.tasks import Replays

    with closing(Replays(context.data, context.clock)) as replaying:
        yield replaying.step
