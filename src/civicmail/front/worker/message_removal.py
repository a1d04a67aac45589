"""Message removal: process each copy until all have an outcome (P-31).

A copy may be processed again after a crash: its record in the archive says what was done. If a mailbox is unavailable, that is
noted on the copy, others go on, and it is retried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.courier.message_removal import MessageRemoval, RemovalRequest

if TYPE_CHECKING:  # Django is started later
    from civicmail.desk.incidents.models import Pull, Pulled

BATCH_SIZE = 50
RETRY_AFTER = timedelta(seconds=15)
"""Pause before an unavailable mailbox is tried again."""
log = get_logger()


def pulls(context: JobContext) -> Iterator[Work]:
    """Remove messages from mailboxes, and restore them."""
    pulling = MessageRemoval(context.settings, context.data, context.clock)
    yield lambda: step(pulling, context.clock)


def step(pulling: MessageRemoval, clock: Callable[[], int]) -> int:
    """Process some copies of each removal. Returns how many copies and finished removals."""
    from civicmail.desk.incidents.models import Pull

    try:
        return sum(_some(pulling, row, clock) for row in Pull.objects.filter(state__in=["running", "undoing"]).order_by("pk"))
    finally:
        pulling.close_journal()


def _some(pulling: MessageRemoval, pull: Pull, clock: Callable[[], int]) -> int:
    from civicmail.city.guard.epoch import from_ms
    from civicmail.desk.incidents.actions.message_removal import finish
    from civicmail.desk.incidents.queries import remaining_copies

    remaining = remaining_copies(pull)
    due = remaining.exclude(tried__gt=from_ms(clock()) - RETRY_AFTER, problem__gt="")
    done = sum(_one(pulling, pull, copy, clock) for copy in due[:BATCH_SIZE])
    if not remaining.exists():
        finish(pull, now=clock())
        return done + 1
    return done


def _one(pulling: MessageRemoval, pull: Pull, copy: Pulled, clock: Callable[[], int]) -> int:
    from civicmail.desk.incidents.actions import message_removal as acts

    back = pull.state == "undoing"
    by = pull.undone_by if back else pull.by
    tag = RemovalRequest(str(pull.pk), by.uid if by else "", pull.undone_why if back else pull.why)
    do = pulling.restore if back else pulling.remove
    try:
        outcome = do(UUID(copy.capture).bytes, copy.index, tag)
    except (OSError, CivicmailError) as error:
        log.error("a mailbox cannot be asked for a copy, trying again", pull=pull.pk, capture=copy.capture, problem=str(error))
        acts.note_problem(copy, str(error), now=clock())
        return 0
    acts.note(copy, outcome if outcome != "nothing" or not back else "back", now=clock())
    return 1
