"""The worker's side of sending: what has waited its time is taken up, and what came of it is written down (sendstates.py).

Whoever dies between the archive and the row finds the message in the archive, and only notes that it was sent.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from civicmail.city.access.epoch import from_ms
from civicmail.desk.mailbox import sendstates
from civicmail.desk.mailbox.models import Draft, Outgoing, SentPlain

AGAIN_FIRST, AGAIN_MOST = 2_000, 60_000
"""ms until something that could not be decided is tried again: at first, and at most."""
KEPT = timedelta(days=7)
"""How long it is known what came of a sending; the message itself is in the archive."""


def due(most: int, *, now: int) -> list[Outgoing]:
    """Take up what may no longer be taken back, the oldest first; with what an earlier process had taken up and did not finish."""
    if not Outgoing.objects.filter(state__in=sendstates.OPEN).exists():  # asked all day, and a transaction keeps others waiting
        return []
    at = from_ms(now)
    with transaction.atomic():
        waiting = Outgoing.objects.select_for_update().filter(state="waiting", due__lte=at).order_by("due", "pk")
        for row in waiting[:most]:
            row.state, row.since = sendstates.STEPS["waiting", "take"], at
            row.save(update_fields=["state", "since"])
    ready = Q(again__isnull=True) | Q(again__lte=at)
    return list(Outgoing.objects.filter(ready, state="sending").select_related("person").order_by("due", "pk")[:most])


def is_plain(row: Outgoing) -> bool:
    """Whether its sender has said, with a reason, that it goes unencrypted."""
    return SentPlain.objects.filter(uid=row.uid).exists()


def sent(row: Outgoing, capture: str, *, now: int) -> None:
    """It is archived, and somebody gets it. The draft and its files have done their work."""
    with transaction.atomic():
        fresh = _taken(row)
        fresh.state, fresh.since = sendstates.STEPS["sending", "send"], from_ms(now)
        fresh.capture, fresh.content = capture, b""
        fresh.save()
        if fresh.draft is not None:
            Draft.objects.filter(uid=fresh.draft).delete()


def returned(row: Outgoing, capture: str, rule: str, why: str, *, now: int) -> None:
    """It is archived as evidence and nobody gets it: the draft is there again, and says why."""
    with transaction.atomic():
        fresh = _taken(row)
        fresh.state, fresh.since = sendstates.STEPS["sending", "refuse"], from_ms(now)
        fresh.capture, fresh.rule, fresh.why, fresh.content = capture, rule[:60], why[:600], b""
        fresh.save()
        if fresh.draft is not None:
            Draft.objects.filter(uid=fresh.draft).update(why=why[:600])


def later(row: Outgoing, why: str, *, now: int) -> None:
    """It could not be decided at this moment."""
    with transaction.atomic():
        fresh = _taken(row)
        fresh.state = sendstates.STEPS["sending", "wait"]
        fresh.again = from_ms(now + min(AGAIN_MOST, AGAIN_FIRST * 2 ** min(fresh.tries, 10)))
        fresh.tries, fresh.why = fresh.tries + 1, why[:600]
        fresh.save()


def forget(*, now: int) -> int:
    """Rows whose message went, or was taken back, long ago."""
    ended = Outgoing.objects.exclude(state__in=sendstates.OPEN).filter(since__lt=from_ms(now) - KEPT)
    return ended.delete()[0]


def _taken(row: Outgoing) -> Outgoing:
    fresh = Outgoing.objects.select_for_update().get(pk=row.pk)
    assert fresh.state == "sending", "only what was taken up has an outcome"
    return fresh
