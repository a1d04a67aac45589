"""Send mail written on the pages, once it can no longer be undone (P-06)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.desk.mailbox.submission import PageMessage, Submission
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext

BATCH_SIZE = 20
FORGET_EVERY = 3_600_000

log = get_logger()


def sending(context: JobContext) -> Iterator[Work]:
    """Send mail written on the pages when it can no longer be undone."""
    from civicmail.desk.mailbox.actions import send_queue

    with closing(Submission(context.settings, context.data, context.clock, patient=True)) as submission:
        submission.warm()
        sending, forgot = Sending(submission, context.clock), 0

        def work() -> int:
            nonlocal forgot
            now = context.clock()
            if not 0 <= now - forgot < FORGET_EVERY:
                sending.forget()
                forgot = now
            done = sending.step()
            if not done:
                submission.idle()
                context.wakeup.at(send_queue.next_due())
            return done

        yield work


class Sending:
    """Not safe for concurrent rounds. clock: epoch ms."""

    def __init__(self, submission: Submission, clock: Callable[[], int]) -> None:
        self._submission = submission
        self._clock = clock

    def step(self) -> int:
        """Send what is due, at most BATCH_SIZE. Returns how many were processed. A message that cannot be decided now waits
        without delaying others."""
        from civicmail.desk.mailbox.actions import send_queue

        rows = send_queue.take_due(BATCH_SIZE, now=self._clock())
        for row in rows:
            parcel = PageMessage(
                row.uid, row.person.uid, row.mailbox, tuple(row.recipients), bytes(row.content), send_queue.is_plain(row)
            )
            try:
                sent = self._submission.send(parcel)
            except LaterError as error:
                log.warning("a written message waits", outgoing=str(row.uid), error=type(error).__name__)
                send_queue.retry_later(row, str(error), now=self._clock())
                continue
            if sent.refused:
                log.info("a written message was refused", outgoing=str(row.uid), rule=sent.refused, capture=sent.capture)
                send_queue.mark_returned(row, sent.capture, sent.refused, sent.reply, now=self._clock())
            else:
                send_queue.mark_sent(row, sent.capture, now=self._clock())
        return len(rows)

    def forget(self) -> None:
        """Rows of long ago."""
        from civicmail.desk.mailbox.actions import send_queue

        send_queue.delete_old(now=self._clock())
