"""What is remembered of answers that mailboxes give by themselves: whom, when, and how far mail was read for it (L4; RFC 3834)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import transaction

from civicmail.city.access.actions.replysweep import WEEK
from civicmail.city.access.models import Answered, AutoReply, HeardForAnswers
from civicmail.city.access.moments import moment, ms


def positions() -> dict[str, int]:
    """Journal to the last record that was looked at."""
    return dict(HeardForAnswers.objects.values_list("journal", "number"))


def note_heard(places: Mapping[str, int]) -> None:
    """Whatever was to be answered up to here was answered."""
    with transaction.atomic():
        for journal, number in sorted(places.items()):
            HeardForAnswers.objects.update_or_create(journal=journal, defaults={"number": number})


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
