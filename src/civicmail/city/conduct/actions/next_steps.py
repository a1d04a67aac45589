"""Notify the next decider when a case reaches them; the notice quotes nothing of the case, which its page shows (V4)."""

from __future__ import annotations

from django.conf import settings

from civicmail.city.conduct.actions.violation_reports import address
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import next_steps
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.actions.undertakings import own_address_of
from civicmail.city.notices.actions import notify

_NEWS = {
    "confirmed": "was confirmed and waits for a decision",
    "proposed": "waits for a second officer, who agrees to a permanent bar or does not",
    "appealed": "was appealed and waits for somebody who hears it",
}
"""States in which a case reaches another decider."""


def notify_next(row: Violation, now: int) -> None:
    """Notify the people who take the next step, once for each time that a case reaches such a state; inside the transaction of a
    verb. now: ms."""
    if (news := _NEWS.get(row.state)) is None:
        return
    pages = settings.CITY.web.url
    place = f"Look at it here: {pages}{address(row)}" if pages else "It stands on the pages, under Violations."
    text = f"Violation {row.pk} ({row.clause}) {news}. You are asked because you had no part in it so far.\n\n{place}"
    for person in next_steps.next_deciders(row, now):
        if to := own_address_of(person):
            key = f"violation:{row.pk}:{row.state}:{epoch_ms(row.since)}:{to}"
            notify(key, to, f"Violation {row.pk} to look at", text, now=from_ms(now))
