"""What feeds did last, for whoever has to know: a small file that `doctor` reads without a database, and a letter to the access
office when one is held by the brake or does not answer (L7).
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from civicmail.city.access.actions.publishing import data_folder
from civicmail.city.access.moments import in_words, moment
from civicmail.city.access.queries.feeds import officers
from civicmail.city.directory import feed_status
from civicmail.city.directory.models import FeedRun
from civicmail.city.notices import actions as notices

LOOK = (
    "Until you have decided nothing of it is done: look at it under Access office, Personnel feed. Whoever has to lose access now "
    "is ended on the page of that person."
)


def heard(run: FeedRun, *, now: int) -> None:
    """In the transaction of the run: the file is written when it commits, the letter with it."""
    data = data_folder()
    if data is not None:
        transaction.on_commit(partial(feed_status.note, data, run.kind, run.source, run.state, now))
    said = _said(run)
    if said is not None:
        subject, text = said
        for address in officers(now):
            notices.notify(f"feed:{run.pk}:{run.state}:{address}", address, subject, text, now=moment(now))


def waits(run: FeedRun, *, now: int) -> None:
    """Somebody more waits in a report that has waited since an earlier day: one letter a day, because whoever was dismissed may be
    among them."""
    day = timezone.localdate(moment(now))
    if timezone.localdate(run.at) == day:
        return
    text = f"More people wait in it since today; it has waited since {in_words(timezone.localdate(run.at))}. {LOOK}"
    for address in officers(now):
        notices.notify(f"feed:{run.pk}:{day}:{address}", address, f"More people wait in {run.source}", text, now=moment(now))


def _said(run: FeedRun) -> tuple[str, str] | None:
    if run.state == "stopped":
        text = f"{run.brake} {LOOK}"
        return f"The brake holds the personnel feed {run.source}", text
    if run.state == "failed":
        text = f"{run.reason} Nobody is added, changed or ended by it until it answers again."
        return f"The personnel feed {run.source} does not answer", text
    return None
