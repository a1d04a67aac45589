"""Count the held mail that a person can release themselves: possible spam, and files that they may have expected (P-02, P-25)."""

from __future__ import annotations

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import OfPerson
from civicmail.core.config.errors import LaterError
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import release_copies


def count_for(actor: Actor, now: int) -> int:
    """Number of copies; 0 if unknown at this moment. now: ms."""
    if not guard.may(actor, "my.mail", OfPerson(actor.uid), now=now):
        return 0
    own_addresses = frozenset(
        Mailbox.objects.filter(holder__uid=actor.uid, kind="personal", closed__isnull=True).values_list("address", flat=True)
    )
    try:
        copies = queries.copies(now) if own_addresses else []
    except LaterError:
        return 0
    return sum(copy.box.lower() in own_addresses and release_copies.recipient_decides(copy) for copy in copies)
