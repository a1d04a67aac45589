"""Flag a message of one's own mail as purely personal, for the records desk: the employee says it, and the custodian decides
(Schill v. Wisconsin Rapids School District, 2010 WI 86)."""

from __future__ import annotations

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.records.models import PersonalFlag


def flag(message: OpenedMessage, why: str, *, actor: Actor, now: int) -> PersonalFlag:
    """Say that a message is purely personal, and why. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    why = checked_reason(why, min_length=10)
    with transaction.atomic():
        by = acting_person(actor)
        made, is_new = PersonalFlag.objects.get_or_create(
            capture=message.id, by=by, defaults={"at": from_ms(now), "why": why[:400]}
        )
        if not is_new:
            raise Conflict("You flagged this message before. The records desk sees it when a request finds the message.")
        entries.enter("records.flag-personal", actor=actor, reason="", now=now, object=f"capture:{message.id}", facts={})
    return made
