"""Emergency rules: one security officer stops an attack at once, a second person ratifies, or time ends the rule (P-25, P-29)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from civicmail.city.guard import guard, working_days
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import Decision
from civicmail.city.pages.days import city_day, holidays
from civicmail.desk.oversight import emergencies, rule_sample, rule_text
from civicmail.desk.oversight.actions.publish_rules import TICK, adopt, publish
from civicmail.desk.oversight.models import Emergency
from civicmail.desk.oversight.queries import emergencies as queries
from civicmail.desk.oversight.rule_sample import Sample
from civicmail.desk.viewer.queries import store
from civicmail.mail.screening.enabled_checks import is_screened

DAYS = 7
"""Of past mail that a count looks at."""


def count(kind: str, text: str, do: str, *, actor: Actor, now: int) -> Sample:
    """Count the messages of the last days that such a rule would have stopped. Raises NotPermitted, Unusable."""
    guard.require(actor, "emergency.make", now=now)
    value = stoppable(kind, text, do)
    screened = is_screened(settings.CITY.screening)
    rule = rule_text.parse_rules(emergencies.text(0, kind, value, do, "counted", now, screened=screened)).rules[0]
    return rule_sample.count(store().data, rule, first=now - DAYS * DAY_MS, now=now, day=city_day)


def count_and_make(kind: str, text: str, do: str, hours: int, *, actor: Actor, reason: str, now: int) -> Emergency:
    """Create a rule that acts at once, with the count of what it would have stopped. Raises as make does."""
    touched = count(kind, text, do, actor=actor, now=now).touched
    return make(kind, text, do, hours, touched=touched, actor=actor, reason=reason, now=now)


def stoppable(kind: str, text: str, do: str) -> str:
    """The typed value in the form of an emergency rule. Raises Unusable for a value that no emergency rule may stop."""
    if kind not in emergencies.KINDS or do not in emergencies.DOS:
        raise Unusable("An emergency rule refuses or quarantines by one thing, and nothing else.")
    if kind not in emergencies.ENVELOPE and not is_screened(settings.CITY.screening):
        message = "Nobody looks into messages here (screening.checks), so only a sender or a domain can be stopped."
        raise Unusable(message, {"kind": message})
    return emergencies.cleaned(kind, text, tuple(settings.CITY.city.domains))


def make(kind: str, text: str, do: str, hours: int, *, touched: int, actor: Actor, reason: str, now: int) -> Emergency:
    """Create a rule that acts at once. text: what it stops, as typed; touched: the count that the officer was shown. Raises
    NotPermitted, Unusable, and Conflict if the same is stopped already."""
    guard.require(actor, "emergency.make", now=now)
    reason = require_reason(reason, min_length=10)
    value = stoppable(kind, text, do)
    if not 1 <= hours <= emergencies.MAX_HOURS:
        raise field_error("hours", f"From 1 to {emergencies.MAX_HOURS} hours.")
    adopt(now)
    with transaction.atomic():
        officer = acting_person(actor)
        if queries.in_force(now).select_for_update().filter(kind=kind, value=value).exists():
            raise Conflict("An emergency rule stops this already; look at that one first.")
        at = from_ms(now)
        row = Emergency.objects.create(
            kind=kind, value=value, do=do, reason=reason, officer=officer, at=at, until=at + timedelta(hours=hours),
            touched=touched, ratify_by=working_days.end_of_next(timezone.localtime(at), holidays()),
        )  # fmt: skip
        _entered("emergency.make", row, actor, reason, now, hours=hours, touched=touched, ratify_by=epoch_ms(row.ratify_by))
        publish(actor, f"{row}", now)
    return row


def resource(emergency: Emergency) -> Decision:
    """Resource of the second person's decision: not by the author."""
    return Decision(first_actors=(emergency.officer.uid,), began_ms=epoch_ms(emergency.at))


def decide(emergency: Emergency, was_right: bool, *, actor: Actor, reason: str, now: int) -> Emergency:
    """Ratify or reject it as a second person. Raises NotPermitted, Unusable, Conflict."""
    return (ratify if was_right else reject)(emergency, actor=actor, reason=reason, now=now)


def ratify(emergency: Emergency, *, actor: Actor, reason: str, now: int) -> Emergency:
    """Ratify it as a second person; this extends nothing. Raises NotPermitted, Unusable, Conflict."""
    return _answer(emergency, "ratified", actor, require_reason(reason, min_length=10), now)


def reject(emergency: Emergency, *, actor: Actor, reason: str, now: int) -> Emergency:
    """Reject it as a second person: it ends at once. Raises like ratify()."""
    return _answer(emergency, "rejected", actor, require_reason(reason, min_length=10), now)


def stop_permission(emergency: Emergency, actor: Actor) -> str:
    """The permission to end the rule early: its author ends it alone, another person as a second person."""
    return "emergency.make" if actor.uid == emergency.officer.uid else "emergency.decide"


def stop(emergency: Emergency, *, actor: Actor, reason: str, now: int) -> Emergency:
    """End it early, as its author or a second person. Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, stop_permission(emergency, actor), resource(emergency), now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(emergency, "ratified") as row:
        _end(row, actor, reason, now)
        publish(actor, f"{row} ended", now)
    return row


def end_due(now: int) -> int:
    """End expired rules and those not ratified in time; return how many."""
    with transaction.atomic():
        late = list(queries.unratified(now).select_for_update(of=("self",)).select_related("officer"))
        for row in late:
            row.ratified = "overdue"
            _entered("emergency.finding", row, TICK, "an emergency rule was not ratified in time", now)
            _end(row, TICK, "nobody ratified it in time", now)
        done = [row.pk for row in late]
        over = list(queries.over(now).exclude(pk__in=done).select_for_update(of=("self",)).select_related("officer"))
        for row in over:
            _end(row, TICK, "its time is over", now)
        if late or over:
            publish(TICK, "emergency rules that were over", now)
    return len(late) + len(over)


def note_released(emergency: Emergency, copies: int, *, done: bool, now: int) -> None:
    """Add the copies that went through the checks again; done: none is left."""
    with locked_row(emergency) as row:
        row.gone_on += copies
        row.released = done
        if done:
            _entered("emergency.released", row, TICK, "it has ended", now, copies=row.gone_on)
        row.save()


def _answer(emergency: Emergency, answer: str, actor: Actor, reason: str, now: int) -> Emergency:
    four_eyes.require(actor, "emergency.decide", resource(emergency), now=now)
    with locked_row(emergency, "ratified") as row:
        if row.ratified != "due" or row.ended is not None or now >= epoch_ms(row.ratify_by):
            raise Conflict("No decision is pending. Reload the page.")
        row.ratified, row.approver, row.decided = answer, acting_person(actor), from_ms(now)
        row.save()
        _entered("emergency.ratify" if answer == "ratified" else "emergency.reject", row, actor, reason, now)
        if answer == "rejected":
            _end(row, actor, reason, now)
            publish(actor, f"{row} ended", now)
    return row


def _end(row: Emergency, actor: Actor, why: str, now: int) -> None:
    if row.ended is not None:
        raise Conflict("It has ended already.")
    row.ended, row.why = from_ms(now), why[:400]
    row.save()
    _entered("emergency.end", row, actor, why, now)


def _entered(act: str, row: Emergency, actor: Actor, reason: str, now: int, **facts: object) -> None:
    """Without what it stops: an entry never contains an outsider's address (I4)."""
    emergency_facts = {"emergency": row.pk, "kind": row.kind, "do": row.do, "until": epoch_ms(row.until)}
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"rule:{row}", facts=emergency_facts | facts)
