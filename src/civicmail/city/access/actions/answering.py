"""Whom mailboxes that answer by themselves have answered, and when (L4; RFC 3834)."""

from __future__ import annotations

import hashlib

from django.db import transaction

from civicmail.city.access.actions.replysweep import WEEK
from civicmail.city.access.models import Answered, AutoReply
from civicmail.city.access.moments import moment, ms


def claim(reply: AutoReply, sender: str, capture: str, *, received: int) -> bool:
    """Whether this message is the one that its sender is answered this week. Asked again for the same message it says the same, so
    that whoever died before the answer was kept sends it. received: ms."""
    who = hashlib.sha256(f"{reply.mailbox.address}\0{sender.lower()}".encode()).hexdigest()
    with transaction.atomic():
        fresh = {"capture": capture, "at": moment(received)}
        row, made = Answered.objects.select_for_update().get_or_create(mailbox=reply.mailbox, sender=who, defaults=fresh)
        if made or row.capture == capture:
            return True
        if received < ms(row.at) + WEEK:
            return False
        row.capture, row.at = capture, moment(received)
        row.save(update_fields=["capture", "at"])
    return True
