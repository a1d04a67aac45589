"""Count retrieved mail (M7, P-05, P-08).

A count for each day, mailbox and person; never a message or its content.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F
from django.utils import timezone

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Usage


def note_retrieved(person: str, mailboxes: Collection[str], *, now: int) -> None:
    """Count one more retrieval. person: uid; mailboxes: their main addresses. People and mailboxes outside the directory are not
    counted."""
    row = Person.objects.filter(uid=person).only("pk").first()
    day = timezone.localdate(from_ms(now))
    for box in Mailbox.objects.filter(address__in=mailboxes).only("pk") if row is not None else ():
        rows = Usage.objects.filter(mailbox=box, person=row, day=day)
        if not rows.update(retrieved=F("retrieved") + 1):
            Usage.objects.get_or_create(mailbox=box, person=row, day=day)
            rows.update(retrieved=F("retrieved") + 1)
