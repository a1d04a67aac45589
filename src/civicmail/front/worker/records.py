"""Jobs of the records desk: searches of requests with their holds, productions, and mail to the desk (P-21)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext

HOLDS_EVERY = 5_000
"""ms between two looks at holds."""
SWEPT_EVERY = 60_000
"""ms between two looks at contact data whose time is over."""
GIVEN_UP_EVERY = 3_600_000
"""ms between two looks at files of productions that were given up."""


def records(context: JobContext) -> Iterator[Work]:
    """Make searches of records requests, keep their holds, have items read again, and end notices whose lock is over."""
    from civicmail.desk.records.actions import notices
    from civicmail.desk.records.tasks import Searching, keep_holds, read_items_again

    searching = Searching(context.data, context.clock)
    looked = 0

    def work() -> int:
        nonlocal looked
        now = context.clock()
        changed = 0
        if not 0 <= now - looked < HOLDS_EVERY:
            changed = keep_holds(context.data, now) + notices.end_old(now) + read_items_again(context.data)
            looked = now
        return changed + searching.step()

    yield work


def records_mail(context: JobContext) -> Iterator[Work]:
    """Take mail to records@, and what rules and departments send to the records desk."""
    from civicmail.desk.records.actions import contacts
    from civicmail.desk.records.actions.mail_intake import RecordsMail, take_approvals

    reader, swept = JournalReader(context.data, RecordsMail(context.data), context.clock), 0

    def work() -> int:
        nonlocal swept
        has_more, now = reader.step(), context.clock()
        done = take_approvals(now)
        if not 0 <= now - swept < SWEPT_EVERY:
            done += contacts.delete_old(now)
            swept = now
        return int(has_more) + done

    yield work
    reader.finish()


def productions(context: JobContext) -> Iterator[Work]:
    """Make productions of public records piece by piece, and publish those that are due after a scan."""
    from civicmail.desk.records.worker_jobs.productions import Producing, sweep
    from civicmail.desk.records.worker_jobs.publications import Publishing

    publishing = Publishing(context.data, context.clock)
    with closing(Producing(context.data, context.clock)) as producing:
        swept = 0

        def work() -> int:
            nonlocal swept
            now = context.clock()
            if not 0 <= now - swept < GIVEN_UP_EVERY:
                sweep(context.data, now)
                swept = now
            return producing.step() + publishing.step()

        yield work
