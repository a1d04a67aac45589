"""Limit auto-replies to one per sender and week (L4; RFC 3834)."""

from __future__ import annotations

import hashlib

from django.db import transaction

from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.actions.autoreply_expiry import WEEK_MS
from civicmail.city.identity.models import Answered, AutoReply


def claim(reply: AutoReply, sender: str, capture: str, *, received: int) -> bool:
    """Whether this message is the one that gets this week's reply to its sender. The same message always gets the same answer, so
    that a process that died before the reply was stored sends it after its restart. received: ms."""
    who = hashlib.sha256(f"{reply.mailbox.address}\0{sender.lower()}".encode()).hexdigest()
    with transaction.atomic():
        fresh = {"capture": capture, "at": from_ms(received)}
        row, made = Answered.objects.select_for_update().get_or_create(mailbox=reply.mailbox, sender=who, defaults=fresh)
        if made or row.capture == capture:
            return True
        if received < epoch_ms(row.at) + WEEK_MS:
            return False
        save_values(row, capture=capture, at=from_ms(received))
    return True
