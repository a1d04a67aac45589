"""Expire auto-replies and forwards (L4, L5)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import Answered, AutoReply, Forwarding
from civicmail.city.identity.queries.autoreplies import left_mailboxes

TICK = machine("tick")
BATCH_SIZE = 500
WEEK_MS = 7 * DAY_MS
"""ms in which a sender is answered once."""


def end_replies(now: int) -> int:
    """A batch of answers that are over; of who left also where the holder is back."""
    back = ~Exists(left_mailboxes(now).filter(pk=OuterRef("mailbox")))
    over = Q(until__lte=from_ms(now)) | (Q(kind="left") & back)
    due = AutoReply.objects.select_for_update(of=("self",)).select_related("mailbox").filter(over, ended__isnull=True)
    rows = list(due.order_by("id")[:BATCH_SIZE])
    AutoReply.objects.filter(pk__in=[r.pk for r in rows]).update(ended=from_ms(now))
    facts = [(f"mailbox:{r.mailbox.address}", {"kind": r.kind}) for r in rows]
    entries.enter_each("reply.end", facts, actor=TICK, reason="its time is over, or its holder is back", now=now)
    return len(rows)


def end_forwardings(now: int) -> int:
    """A batch of ways on that are over, or whose holder is back."""
    back = ~Exists(left_mailboxes(now).filter(pk=OuterRef("mailbox")))
    due = Forwarding.objects.select_for_update(of=("self",)).select_related("mailbox", "to").filter(ended__isnull=True)
    rows = list(due.filter(Q(until__lte=from_ms(now)) | back).order_by("id")[:BATCH_SIZE])
    if not rows:
        return 0
    Forwarding.objects.filter(pk__in=[r.pk for r in rows]).update(ended=from_ms(now))
    facts = [(f"mailbox:{r.mailbox.address}", {"to": r.to.address}) for r in rows]
    entries.enter_each("left.forward-end", facts, actor=TICK, reason="its time is over, or its holder is back", now=now)
    publish_on_commit((), [r.mailbox_id for r in rows])
    return len(rows)


def forget_answered(now: int) -> None:
    """Whom a mailbox answered a week ago it may answer again."""
    Answered.objects.filter(at__lte=from_ms(now - WEEK_MS)).delete()
