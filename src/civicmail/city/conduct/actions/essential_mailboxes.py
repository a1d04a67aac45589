"""Mark mailboxes that non-response never suspends; the access office does it, with a reason (R11)."""

from __future__ import annotations

from django.db import transaction

from civicmail.city.conduct.models import Essential
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason


def mark(address: str, *, actor: Actor, reason: str, now: int) -> Essential:
    """The city cannot do without this mailbox for an hour. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=10)
    mailbox = Mailbox.objects.filter(address=address.lower(), closed__isnull=True).first()
    if mailbox is None:
        raise field_error("address", "No mailbox in use has this address.")
    with transaction.atomic():
        lock_row(mailbox)
        if mailbox.closed is not None or Essential.objects.filter(mailbox=mailbox, ended__isnull=True).exists():
            raise Conflict(f"{mailbox} is closed, or marked already.")
        made = Essential.objects.create(mailbox=mailbox, reason=reason, by=actor.uid, at=from_ms(now))
        entries.enter("review.essential", actor=actor, reason=reason, now=now, object=f"mailbox:{mailbox.address}")
    return made


def unmark(essential: Essential, *, actor: Actor, reason: str, now: int) -> None:
    """Remove the mark of an essential mailbox. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(essential) as row:
        if row.ended is not None:
            raise Conflict("This mark was taken away already.")
        save_values(row, ended=from_ms(now))
        entries.enter("review.not-essential", actor=actor, reason=reason, now=now, object=f"mailbox:{row.mailbox.address}")
