"""Send mail written on the pages, once it can no longer be undone (P-06)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.desk.mailbox.submission import PageMessage, Submission
from civicmail.front.worker.job_loop import Job, Work
from civicmail.front.worker.people_jobs import Prepare, connected

BATCH_SIZE = 20
EVERY = 0.2
FORGET_EVERY = 3_600_000
LEASE = "sending"

log = get_logger()


def job(settings: Settings, data: Path, prepare: Prepare, clock: Callable[[], int]) -> Job:
    """Django is started."""

    @contextmanager
    def start() -> Iterator[Work]:
        prepare()
        with connected(), closing(Submission(settings, data, clock, patient=True)) as submission:
            submission.warm()
            sending, forgot = Sending(submission, clock), 0

            def work() -> bool:
                nonlocal forgot
                now = clock()
                if not 0 <= now - forgot < FORGET_EVERY:
                    sending.forget()
                    forgot = now
                done = sending.step()
                if not done:
                    submission.idle()
                return done == BATCH_SIZE

            yield work

    return Job("sending", start, EVERY, lease=LEASE)


def one_round(settings: Settings, data: Path, clock: Callable[[], int]) -> int:
    """Send everything whose time has come; how many were looked at. Raises LeaseHeld."""
    with Lease.take(lease_path(data, LEASE)), connected(), closing(Submission(settings, data, clock, patient=True)) as submission:
        sending, count = Sending(submission, clock), 0
        sending.forget()
        while sent := sending.step():
            count += sent
        return count


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
