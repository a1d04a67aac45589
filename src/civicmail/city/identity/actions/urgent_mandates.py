"""Urgent examinations: four hours without approval, ratified by a second person afterwards (E4)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from civicmail.city.guard import examination_grounds, mandate_states, mandates, working_days
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Mandate
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions.mandates import begin, enter, put_in_force, require, require_second, scope_facts
from civicmail.city.pages.days import holidays


def ask_urgent(
    ground: str, role: str, scope: MandateRequest, *, stepped_up: datetime, actor: Actor, now: int, sealed: bool = False
) -> Mandate:
    """In force at once, for four hours, without a second person. stepped_up: when the asker last proved who they are. Raises
    NotPermitted, also for a proof that is too old and for protected mail, and Unusable."""
    if role not in examination_grounds.URGENT:
        raise NotPermitted(f"A {examination_grounds.role_name(role).lower()} does not look before a second person has decided.")
    if not 0 <= now - epoch_ms(stepped_up) < settings.CITY.signin.step_up * 1000:
        raise NotPermitted("Prove first who you are: what is urgent takes a fresh sign-in.")
    with transaction.atomic():
        row = begin(ground, role, scope, sealed=sealed, actor=actor, now=now)
        if row.protected:
            raise NotPermitted("Protected mail waits for the approver who is named for it, however urgent it is.")
        row.urgent, row.state, row.ratified = True, "urgent", "due"
        row.ratify_by = working_days.end_of_next(timezone.localtime(from_ms(now)), holidays())
        put_in_force(row, now, now + mandates.URGENT_MS)
        row.save()
        facts = scope_facts(row) | {"ratify_by": epoch_ms(row.ratify_by), "stepped_up": epoch_ms(stepped_up)}
        enter("mandate.urgent", row, actor, row.reason, now, **facts)
    return row


def decide(mandate: Mandate, was_right: bool, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Ratify or reject it, as a second person. Raises NotPermitted, Unusable, Conflict when it is too late."""
    return (ratify if was_right else reject)(mandate, actor=actor, reason=reason, now=now)


def ratify(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Ratify as a second person. This extends nothing. Raises NotPermitted, Conflict when it is too late."""
    return _answer(mandate, "ratified", actor, checked_reason(reason, min_length=10), now)


def reject(mandate: Mandate, *, actor: Actor, reason: str, now: int) -> Mandate:
    """Reject as a second person: the examination ends immediately and is a finding. Raises as ratify does."""
    return _answer(mandate, "rejected", actor, checked_reason(reason, min_length=10), now)


def _answer(mandate: Mandate, answer: str, actor: Actor, reason: str, now: int) -> Mandate:
    require(actor, "mandate.ratify", mandate, now)
    with locked_row(mandate, "ratified") as row:
        if row.ratified != "due" or row.ratify_by is None or now >= epoch_ms(row.ratify_by):
            raise Conflict("No decision is pending. Reload the page.")
        require_second(row, actor, now)
        row.ratified, row.approver, row.decided = answer, acting_person(actor), from_ms(now)
        if answer == "rejected" and row.state in mandate_states.VIEWABLE:
            row.state, row.since, row.why = mandate_states.step(row.state, "stop"), from_ms(now), reason[:400]
        row.save()
        enter("mandate.ratify" if answer == "ratified" else "mandate.reject", row, actor, reason, now)
        if answer == "rejected":
            enter("mandate.finding", row, actor, "an urgent look was not ratified", now, why="rejected")
    return row
