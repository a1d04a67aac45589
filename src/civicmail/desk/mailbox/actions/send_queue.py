"""The worker's side of sending: take due messages and record the outcome (send_states.py).

After a crash between the archive and the row, the message is in the archive and is only marked as sent.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.desk.mailbox import send_states
from civicmail.desk.mailbox.models import Draft, Outgoing, SentPlain

FIRST_RETRY_MS, MAX_RETRY_MS = 2_000, 60_000
"""ms until an undecided message is tried again: at first, and at most."""
KEEP_FOR = timedelta(days=7)
"""How long the outcome of a message is kept; the message itself is archived."""


def take_due(limit: int, *, now: int) -> list[Outgoing]:
    """Take messages that can no longer be undone, oldest first, and those that a crashed worker had taken."""
    if not Outgoing.objects.filter(state__in=send_states.OPEN).exists():  # called all day, and a transaction delays others
        return []
    at = from_ms(now)
    with transaction.atomic():
        waiting = Outgoing.objects.select_for_update().filter(state="waiting", due__lte=at).order_by("due", "pk")
        for row in waiting[:limit]:
            save_values(row, state=send_states.STEPS["waiting", "take"], since=at)
    ready = Q(again__isnull=True) | Q(again__lte=at)
    return list(Outgoing.objects.filter(ready, state="sending").select_related("person").order_by("due", "pk")[:limit])


def next_due() -> int:
    """When the next message is due, ms; 0 if none waits."""
    rows = Outgoing.objects.filter(state__in=send_states.OPEN).values_list("due", "again")
    return min((epoch_ms(again or due) for due, again in rows), default=0)


def is_plain(row: Outgoing) -> bool:
    """Whether its sender chose, with a reason, to send it unencrypted."""
    return SentPlain.objects.filter(uid=row.uid).exists()


def mark_sent(row: Outgoing, capture: str, *, now: int) -> None:
    """Mark a message as sent, which is archived and has recipients: delete the draft and its files."""
    with transaction.atomic():
        locked = _locked_row(row)
        locked.state, locked.since = send_states.STEPS["sending", "send"], from_ms(now)
        locked.capture, locked.content = capture, b""
        locked.save()
        if locked.draft is not None:
            Draft.objects.filter(uid=locked.draft).delete()


def mark_returned(row: Outgoing, capture: str, rule: str, why: str, *, now: int) -> None:
    """Mark a message as returned, which is archived as evidence and has no recipients: reopen the draft with the reason."""
    with transaction.atomic():
        locked = _locked_row(row)
        locked.state, locked.since = send_states.STEPS["sending", "refuse"], from_ms(now)
        locked.capture, locked.rule, locked.why, locked.content = capture, rule[:60], why[:600], b""
        locked.save()
        if locked.draft is not None:
            Draft.objects.filter(uid=locked.draft).update(why=why[:600])


def retry_later(row: Outgoing, why: str, *, now: int) -> None:
    """Try later, because no decision was possible."""
    with transaction.atomic():
        locked = _locked_row(row)
        locked.state = send_states.STEPS["sending", "wait"]
        locked.again = from_ms(now + min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** min(locked.tries, 10)))
        locked.tries, locked.why = locked.tries + 1, why[:600]
        locked.save()


def delete_old(*, now: int) -> int:
    """Delete rows of messages that were sent or undone long ago."""
    ended = Outgoing.objects.exclude(state__in=send_states.OPEN).filter(since__lt=from_ms(now) - KEEP_FOR)
    return ended.delete()[0]


def _locked_row(row: Outgoing) -> Outgoing:
    fresh = Outgoing.objects.select_for_update().get(pk=row.pk)
    assert fresh.state == "sending", "only what was taken up has an outcome"
    return fresh
