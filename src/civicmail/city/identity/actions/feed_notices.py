"""Record the result of personnel feeds, and notify the access office of held ones (L7)."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory import feed_status
from civicmail.city.directory.models import FeedRun
from civicmail.city.guard.epoch import format_day, from_ms
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.identity.queries.feeds import officers
from civicmail.city.notices import actions as notices

INSTRUCTIONS = (
    "Until you have decided nothing of it is done: look at it under Access office, Personnel feed. Whoever has to lose access now "
    "is ended on the page of that person."
)


def record_result(run: FeedRun, *, now: int) -> None:
    """In the transaction of the run: the file is written when it commits, the letter with it."""
    data = data_folder()
    if data is not None:
        transaction.on_commit(partial(feed_status.note, data, run.kind, run.source, run.state, now))
    message = _message(run)
    if message is not None:
        subject, text = message
        for address in officers(now):
            notices.notify(f"feed:{run.pk}:{run.state}:{address}", address, subject, text, now=from_ms(now))


def notify_waiting(run: FeedRun, *, now: int) -> None:
    """Notify of an additional person in a report that has waited since an earlier day, at most once a day, because a dismissed
    person may be among them."""
    day = timezone.localdate(from_ms(now))
    if timezone.localdate(run.at) == day:
        return
    text = f"More people wait in it since today; it has waited since {format_day(timezone.localdate(run.at))}. {INSTRUCTIONS}"
    for address in officers(now):
        notices.notify(f"feed:{run.pk}:{day}:{address}", address, f"More people wait in {run.source}", text, now=from_ms(now))


def _message(run: FeedRun) -> tuple[str, str] | None:
    if run.state == "stopped":
        text = f"{run.brake} {INSTRUCTIONS}"
        return f"The brake holds the personnel feed {run.source}", text
    if run.state == "failed":
        text = f"{run.reason} Nobody is added, changed or ended by it until it answers again."
        return f"The personnel feed {run.source} does not answer", text
    return None
