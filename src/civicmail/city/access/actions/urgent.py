"""What cannot wait: one examiner, a fresh proof of who they are, four hours; a second person ratifies by the end of the next
working day, or it is a finding (E4)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from civicmail.city.access import grounds, mandatestates, workdays
from civicmail.city.access import mandates as plain
from civicmail.city.access.actions.acting import locked, person_of
from civicmail.city.access.actions.mandates import begin, entered, put_in_force, require, require_second, scope_facts
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted
from civicmail.city.access.models import Mandate
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries.days import holidays
from civicmail.city.access.reasons import reason as in_words
from civicmail.city.access.wanted import Wanted


def ask_urgent(
    ground: str, duty: str, wanted: Wanted, *, stepped_up: datetime, actor: Actor, now: int, sealed: bool = False
) -> Mandate:
    """In force at once, for four hours, without a second person. stepped_up: when the asker last proved who they are. Raises
    NotPermitted, also for a proof that is too old and for protected mail, and Unusable."""
    if duty not in grounds.URGENT:
        raise NotPermitted(f"A {grounds.name(duty).lower()} does not look before a second person has decided.")
    if not 0 <= now - ms(stepped_up) < settings.CITY.signin.step_up * 1000:
        raise NotPermitted("Prove first who you are: what is urgent takes a fresh sign-in.")
    with transaction.atomic():
        row = begin(ground, duty, wanted, sealed=sealed, actor=actor, now=now)
        if row.protected:
            raise NotPermitted("Protected mail waits for the approver who is named for it, however urgent it is.")
        row.urgent, row.state, row.ratified = True, "urgent", "due"
        row.ratify_by = workdays.end_of_next(timezone.localtime(moment(now)), holidays())
        put_in_force(row, now, now + plain.URGENT)
        row.save()
        facts = scope_facts(row) | {"ratify_by": ms(row.ratify_by), "stepped_up": ms(stepped_up)}
        entered("mandate.urgent", row, actor, row.reason, now, **facts)
    return row


def ratify(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """A second person says that it was right to look. It makes nothing longer. Raises NotPermitted, Conflict when it is too
    late."""
    return _answer(mandate, "ratified", actor, in_words(reason, least=10), now)


def reject(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """A second person says that it was not: it ends at once and is a finding. Raises as ratify does."""
    return _answer(mandate, "rejected", actor, in_words(reason, least=10), now)


def _answer(mandate: Mandate, answer: str, actor: Actor, reason: str, now: int) -> Mandate:
    require(actor, "mandate.ratify", mandate, now)
    with transaction.atomic():
        row = locked(mandate, "ratified")
        if row.ratified != "due" or row.ratify_by is None or now >= ms(row.ratify_by):
            raise Conflict("Nobody waits for this answer any more; look at it again.")
        require_second(row, actor, now)
        row.ratified, row.approver, row.decided = answer, person_of(actor), moment(now)
        if answer == "rejected" and row.state in mandatestates.LOOKING:
            row.state, row.since, row.why = mandatestates.step(row.state, "stop"), moment(now), reason[:400]
        row.save()
        entered("mandate.ratify" if answer == "ratified" else "mandate.reject", row, actor, reason, now)
        if answer == "rejected":
            entered("mandate.finding", row, actor, "an urgent look was not ratified", now, why="rejected")
    return row
