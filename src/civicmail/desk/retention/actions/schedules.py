"""Put a file of retention schedules into force; it is a record of the archive with its entry (P-20)."""

from __future__ import annotations

import hashlib

from civicmail.city.guard import guard
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.law.errors import BadSchedule
from civicmail.city.law.schedules import Schedules, parse
from civicmail.desk.retention.queries import schedules as queries
from civicmail.desk.retention.queries.schedules import FileVersion
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import classes


def checked(text: str) -> Schedules:
    """The schedules of a file. Raises Unusable, naming the line or field that is wrong."""
    try:
        return parse(text)
    except BadSchedule as error:
        raise field_error("text", str(error)) from None


def adopt(text: str, *, former: int, reason: str, actor: Actor, now: int) -> FileVersion:
    """Put a file into force in place of the one before. former: number of the file in force when its effect was shown. now: epoch
    ms. Raises NotPermitted, Unusable, Conflict if another file was adopted meanwhile, NotRecorded, LeaseHeld."""
    guard.require(actor, "retention.schedule", now=now)
    checked(text)
    present = queries.versions()
    if len(present) != former:
        raise Conflict("Not adopted: another file came into force in the meantime. Look at the differences again.")
    if present and present[0].text == text:
        raise Unusable("Not adopted: this file is in force already.", {"text": "Change it first."})
    facts = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    entering = entering_of("retention.schedule", actor=actor, reason=reason[:400], now=now, facts=facts)
    classes.adopt(installation(), text, actor=actor.uid, reason=reason, now=now, entering=entering)
    return queries.versions()[0]
