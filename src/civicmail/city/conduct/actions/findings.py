"""The response of the person to a report, and the finding: unfounded, confirmed, or a self-reported mistake, which never counts
(V1, V4)."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from civicmail.city.conduct.actions.next_steps import notify_next
from civicmail.city.conduct.actions.violation_reports import RESPONSE_MS, end_access, notify_person, own_address, record_entry
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.violation_states import FIRST, step
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.guard.four_eyes import is_same_person, why_refused
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.queries.reporting_lines import load_lines
from civicmail.city.notices.actions import notify

MAX_RESPONSE = 4000
FINDINGS = {
    "confirm": "Confirmed: the rule was broken",
    "dismiss": "Unfounded: it was not, or it cannot be shown",
    "note": "Their own mistake, told in good faith: it does not count",
}


def findings_for(row: Violation) -> list[tuple[str, str]]:
    """The findings that are possible, with their words: only one's own mistake is noted, and a record is reversed, never
    dismissed."""
    return [
        (key, words)
        for key, words in FINDINGS.items()
        if (key != "note" or row.own) and (key != "dismiss" or row.state != "recorded")
    ]


def ask_response(row: Violation, *, actor: Actor, now: int) -> Violation:
    """Request a response from the person, within a week; they learn the rule, but not the reporter.
    Raises NotPermitted, Conflict."""
    guard.require(actor, "violation.find", violation_parties.about_violation(row), now=now)
    with locked_row(row, "state", "respond_by") as violation:
        if violation.state not in FIRST or violation.respond_by is not None or violation.person is None:
            raise Conflict("No response requested: the person was asked before, is not named, or a finding exists.")
        require_no_part(violation, actor, now)
        save_values(violation, respond_by=from_ms(now + RESPONSE_MS))
        record_entry("violation.ask", violation, actor, "", now, until=now + RESPONSE_MS)
        pages = settings.CITY.web.url
        lines_ = [
            f"Somebody has reported that {violation.clause} of the e-mail policy was broken, by you. Nothing was found yet.",
            "Before anybody decides you can say what you have to say, until "
            f"{format_day(timezone.localdate(violation.respond_by))}.",
            f"It is read and answered here: {pages}{own_address(violation)}"
            if pages
            else "It stands on the pages, under My access.",
        ]
        notify_person(violation, "ask", f"Your answer is asked for: {violation.clause}", lines_, now)
    return violation


def respond(row: Violation, text: str, *, actor: Actor, now: int) -> Violation:
    """The person's own words. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "my.violations", OfPerson(row.person.uid if row.person is not None else "-"), now=now)
    return _respond(row, text, "", actor, now)


def record_response(row: Violation, text: str, reference: str, *, actor: Actor, now: int) -> Violation:
    """Record a response given on paper or to an officer, for people who cannot sign in any more. reference: where the paper is
    kept."""
    guard.require(actor, "violation.find", violation_parties.about_violation(row), now=now)
    return _respond(row, text, checked_reason(reference, "reference", max_length=200), actor, now)


def _respond(row: Violation, text: str, reference: str, actor: Actor, now: int) -> Violation:
    text = checked_reason(text, "text", min_length=10, max_length=MAX_RESPONSE)
    with locked_row(row, "state", "response") as violation:
        if violation.state not in FIRST or violation.response:
            raise Conflict("Not saved: a finding or a response exists already.")
        save_values(violation, response=text, responded=from_ms(now))
        record_entry("violation.respond", violation, actor, reference, now)
    return violation


def find(
    row: Violation, action: str, *, severe: bool = False, good_faith: bool = True, actor: Actor, reason: str, now: int
) -> Violation:
    """Record the finding. action: confirm, dismiss or note; severe: goes straight to the end of the ladder; good_faith: False if
    the report was in bad faith.
    Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "violation.find", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason, min_length=20, max_length=1000)
    if action not in FINDINGS:
        raise field_error("finding", "Choose a finding.")
    with locked_row(row, "state", "response") as violation:
        finder = require_no_part(violation, actor, now)
        target = step(violation.state, action)
        _require_fair(violation, action, good_faith, now)
        violation.state, violation.since, violation.found = target, from_ms(now), from_ms(now)
        violation.finder, violation.finding, violation.severe = finder, reason, severe and action == "confirm"
        violation.good_faith = good_faith
        violation.save()
        record_entry("violation.find", violation, actor, reason, now, severe=int(violation.severe), good_faith=int(good_faith))
        if action == "confirm" and violation.bar is None and violation_parties.is_outside(violation):
            end_access(violation, finder, actor=actor, now=now)
        if action == "confirm":
            notify_person(violation, "found", f"Found: {violation.clause}", [_CONFIRMED.format(clause=violation.clause)], now)
            notify_next(violation, now)
        else:
            close_for_outsiders(violation, now)
            if violation.respond_by is not None:
                notify_person(violation, "found", f"Closed: {violation.clause}", [_CLOSED.format(clause=violation.clause)], now)
    return violation


_CONFIRMED = (
    "It was found that {clause} of the e-mail policy was broken. Somebody else decides what follows; you are told, and you can "
    "appeal."
)
_CLOSED = "The report about {clause} of the e-mail policy is closed. Nothing follows from it for you."


def _require_fair(row: Violation, action: str, good_faith: bool, now: int) -> None:
    if row.person is None and action == "confirm":
        raise Conflict("Name the person who sent the message first.")
    if action == "note" and not row.own:
        raise Unusable("Only a report about oneself can be noted.", {"finding": "This was told by somebody else."})
    if action != "confirm":
        return
    if row.own and good_faith:
        raise Unusable("A mistake reported in good faith by the person never counts (P-30).", {"finding": "Told in good faith."})
    if not row.response and (row.respond_by is None or now < epoch_ms(row.respond_by)):
        raise Conflict("Request a response first; the person has a week to answer.")


_SEPARATE = "Who finds, who decides and who hears an appeal are different people."
_REPORTER = "Who reported it does not decide about it."


def require_no_part(row: Violation, actor: Actor, now: int) -> Person:
    """The officer, who is not the person or the reporter, had no other part in it before, and is not below the person (V4). Raises
    NotPermitted."""
    me, about = acting_person(actor), four_eyes.with_facts(violation_parties.about_violation(row), actor, now)
    if about.is_about(actor):
        raise NotPermitted("You cannot decide about yourself.")
    refusal = _REPORTER if row.reporter is not None and is_same_person(actor.uid, row.reporter.uid) else _SEPARATE
    if why := why_refused(actor.uid, about.first_actors, about.four_eyes, began=about.began_ms, now=now, sentence=refusal):
        raise NotPermitted(why)
    if row.person is not None and row.person.uid in load_lines().above(me.uid):
        raise NotPermitted("You cannot decide about a person above you.")
    return me


def close_for_outsiders(row: Violation, now: int) -> None:
    """Notify an outside complainant that the case is closed, without details about people (issue 7)."""
    if not row.contact:
        return
    text = (
        "You wrote to us about a message from the city. It was looked at, and the matter is closed. What follows for people who "
        "work for the city is not told to others."
    )
    notify(f"violation:{row.pk}:outside", row.contact, f"{settings.CITY.city.name}: your complaint", text, now=from_ms(now))
