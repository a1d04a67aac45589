"""Decide the consequences of a violation (P-30; V2 to V4).

The table proposes; an officer decides and cites the ground; a second officer must agree to a permanent bar; another person hears
the appeal. Only consequences that concern mail are carried out here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from civicmail.city.conduct.actions.findings import close_for_outsiders, require_no_part, respond
from civicmail.city.conduct.actions.next_steps import notify_next
from civicmail.city.conduct.actions.reinstatement import give_back
from civicmail.city.conduct.actions.violation_reports import notify_person, own_address, record_entry
from civicmail.city.conduct.consequence_table import MAX_DAYS, OUTCOMES, Outcome
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.violation_states import FIRST, step
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, format_day, from_ms
from civicmail.city.guard.errors import Conflict, require_usable
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import barring
from civicmail.city.identity.models import Bar
from civicmail.city.pages.days import last_day
from civicmail.core.config.sentence import sentence

APPEAL = 30 * DAY_MS
"""So long after the decision it can be appealed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """outcome with its days; ground: its id in the table; cites: section or article; procedure: key -> what was recorded."""

    outcome: Outcome
    ground: str
    cites: str
    why: str
    days: int = 0
    procedure: dict[str, str] = field(default_factory=dict)


def decide(row: Violation, decision: Decision, *, actor: Actor, now: int) -> Violation:
    """Decide the consequence. A permanent bar waits for a second officer, and nothing changes before. Raises NotPermitted for the
    author of the finding, Unusable, Conflict."""
    guard.require(actor, "violation.decide", violation_parties.about_violation(row), now=now)
    with locked_row(row, "state") as violation:
        decider = require_no_part(violation, actor, now)
        violation.state = step(violation.state, "propose" if decision.outcome == "permanent" else "decide")
        _write(violation, decision, now)
        violation.since, violation.decider = from_ms(now), decider
        record_entry(
            "violation.decide",
            violation,
            actor,
            violation.why,
            now,
            outcome=violation.outcome,
            proposed=violation.proposed,
            ground=violation.ground,
            cites=violation.cites,
            departs=int(violation.departs),
            procedure=[f"{k}: {v}" for k, v in sorted(violation.procedure.items())],
        )
        if violation.state == "decided":
            _take_effect(violation, decision.days, decider, None, actor, now)
        violation.save()
        notify_next(violation, now)
    return violation


def agree(row: Violation, *, yes: bool, actor: Actor, reason: str, now: int) -> Violation:
    """Decide as the second officer on a permanent bar: it begins, or the case is decided again.
    Raises NotPermitted for the first officer, Conflict."""
    four_eyes.require(actor, "violation.second", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(row, "state", "decider_id") as violation:
        second = require_no_part(violation, actor, now)
        violation.state, violation.since = step(violation.state, "agree" if yes else "disagree"), from_ms(now)
        record_entry("violation.second", violation, actor, reason, now, yes=int(yes))
        if yes:
            assert violation.decider is not None, "somebody proposed it"
            violation.second, violation.seconded = second, from_ms(now)
            _take_effect(violation, 0, violation.decider, second, actor, now)
        else:
            violation.decider, violation.outcome, violation.why = None, "", ""
        violation.save()
        notify_next(violation, now)
    return violation


def note_training(row: Violation, *, actor: Actor, reason: str, now: int) -> Violation:
    """The person has done the training. Raises Conflict."""
    guard.require(actor, "violation.find", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason)
    with locked_row(row, "trained") as violation:
        if violation.outcome != "warning" or violation.decided is None or violation.trained is not None:
            raise Conflict("No training is open here.")
        save_values(violation, trained=from_ms(now))
        record_entry("violation.train", violation, actor, reason, now)
    return violation


def pending_answer(row: Violation, now: int) -> str:
    """The person's possible answer now: "response" to a report, "appeal" of a decision, or nothing."""
    if row.state in FIRST and not row.response:
        return "response"
    if row.state == "decided" and row.decided is not None and now < epoch_ms(row.decided) + APPEAL:
        return "appeal"
    return ""


def answer(row: Violation, text: str, *, actor: Actor, now: int) -> Violation:
    """The person's response to a report, or the appeal of a decision, whichever is due. Raises NotPermitted, Unusable, and Conflict
    if neither is."""
    match pending_answer(row, now):
        case "response":
            return respond(row, text, actor=actor, now=now)
        case "appeal":
            return appeal(row, text, actor=actor, now=now)
    raise Conflict(sentence("No decision of yours is pending here."))


def appeal(row: Violation, text: str, *, actor: Actor, now: int) -> Violation:
    """Appeal within 30 days; the decision stays in force until the hearing. Raises NotPermitted, Conflict."""
    guard.require(actor, "my.violations", OfPerson(row.person.uid if row.person is not None else "-"), now=now)
    return _appeal(row, text, "", actor, now)


def record_appeal(row: Violation, text: str, reference: str, *, actor: Actor, now: int) -> Violation:
    """Record an appeal on paper. reference: where it is kept."""
    guard.require(actor, "violation.hear", violation_parties.about_violation(row), now=now)
    return _appeal(row, text, checked_reason(reference, "reference", max_length=200), actor, now)


def _appeal(row: Violation, text: str, reference: str, actor: Actor, now: int) -> Violation:
    text = checked_reason(text, "text", min_length=10, max_length=4000)
    with locked_row(row, "state") as violation:
        violation.state = step(violation.state, "appeal")
        if violation.decided is None or now >= epoch_ms(violation.decided) + APPEAL:
            raise Conflict("The time for an appeal is over: it was 30 days from the decision.")
        violation.since, violation.appeal, violation.appealed = from_ms(now), text, from_ms(now)
        violation.save()
        record_entry("violation.appeal", violation, actor, reference, now)
        notify_next(violation, now)
    return violation


def hear(row: Violation, *, uphold: bool, law: str = "", actor: Actor, reason: str, now: int) -> Violation:
    """Hear an appeal, as someone who had no part in the case.
    An overturned consequence ends at once; for a permanent bar an end is proposed, citing a law, and another officer must agree
    (V3).
    Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "violation.hear", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason, min_length=20, max_length=1000)
    with locked_row(row, "state") as violation:
        hearer = require_no_part(violation, actor, now)
        violation.state, violation.since = step(violation.state, "uphold" if uphold else "overturn"), from_ms(now)
        violation.hearer, violation.heard, violation.hearing = hearer, from_ms(now), reason
        if not uphold:
            _undo(violation, law, hearer, actor, reason, now)
        violation.save()
        record_entry("violation.hear", violation, actor, reason, now)
        outcome = "stands" if uphold else "is overturned"
        notify_person(
            violation, "heard", f"Your appeal was heard: {violation.clause}", [f"What was decided {outcome}.", reason], now
        )
    return violation


def reverse(row: Violation, *, actor: Actor, reason: str, now: int) -> Violation:
    """A record was wrong: a second officer takes it back, and access comes back as it was (P-09, decision 0040). Raises
    NotPermitted for who recorded it, Conflict."""
    four_eyes.require(actor, "violation.reverse", violation_parties.about_violation(row), now=now)
    reason = checked_reason(reason, min_length=20, max_length=1000)
    with locked_row(row, "state") as violation:
        officer = require_no_part(violation, actor, now)
        violation.state, violation.since = step(violation.state, "reverse"), from_ms(now)
        violation.hearer, violation.heard, violation.hearing = officer, from_ms(now), reason
        count = _reopen(violation, officer, actor, reason, now)
        violation.save()
        record_entry("violation.reverse", violation, actor, reason, now, authorizations=count)
        notify_person(violation, "reversed", f"The record about {violation.person} was wrong", ["It is taken back.", reason], now)
    return violation


def _write(row: Violation, decision: Decision, now: int) -> None:
    table, (_, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    wrong = {}
    if decision.outcome not in ladder.outcomes:
        wrong["outcome"] = "This is not for this kind of person."
    if decision.ground not in table.grounds:
        wrong["ground"] = "Name the ground."
    if decision.outcome in ("suspension", "restriction") and not 1 <= decision.days <= MAX_DAYS:
        wrong["days"] = f"From 1 to {MAX_DAYS} days."
    require_usable(wrong)
    proposed = violation_parties.proposed(row, now)
    row.outcome, row.proposed = decision.outcome, proposed.outcome
    row.departs = decision.outcome != proposed.outcome or bool(proposed.days and decision.days != proposed.days)
    row.ground, row.cites = decision.ground, checked_reason(decision.cites, "cites", min_length=2, max_length=300)
    row.why = checked_reason(decision.why, "why", min_length=20, max_length=1000)
    row.procedure = {key: " ".join(words.split())[:300] for key, words in decision.procedure.items() if words.strip()}


def _take_effect(row: Violation, days: int, first: Person, second: Person | None, actor: Actor, now: int) -> None:
    """Start the consequences that concern mail, in this transaction."""
    assert row.person is not None, "whoever is decided about is known"
    row.decided = from_ms(now)
    origin, reason = f"violation:{row.pk}", f"Violation {row.pk}, {row.clause}."
    if row.outcome != "none":
        row.lapses = from_ms(now + violation_parties.ladder_of(row)[1].years * 365 * DAY_MS)
        if row.bar is None and row.outcome != "permanent":
            barring.impose(
                row.person, "re-entry", until=epoch_ms(row.lapses), origin=origin, reason=reason, first=first, actor=actor, now=now
            )
    if row.outcome == "suspension" or row.outcome == "restriction":
        row.until = from_ms(now + days * DAY_MS)
        row.bar = barring.impose(
            row.person, row.outcome, until=epoch_ms(row.until), origin=origin, reason=reason, first=first, actor=actor, now=now
        )
    elif row.outcome == "permanent":
        row.bar = barring.impose(
            row.person, "permanent", until=None, origin=origin, reason=reason, first=first, second=second, actor=actor, now=now
        )
    close_for_outsiders(row, now)
    notify_person(row, "decided", f"Decided: {row.clause}", _decision_lines(row), now)


def _decision_lines(row: Violation) -> list[str]:
    assert row.decided is not None and row.outcome, "it was decided"
    until = f", until {format_day(last_day(row.until))}" if row.until is not None else ""
    ground = violation_parties.table().grounds.get(row.ground, row.ground)
    last = format_day(timezone.localdate(from_ms(epoch_ms(row.decided) + APPEAL)))
    pages = settings.CITY.web.url
    where = f"{pages}{own_address(row)}" if pages else "the pages, or on paper at the access office"
    return [
        f"About {row.clause} of the e-mail policy it was decided: {OUTCOMES[row.outcome].lower()}{until}.",
        f"Ground: {ground}, {row.cites}.",
        row.why,
        f"You can appeal until {last}, on {where}. Somebody who had no part in it hears you.",
    ]


def _undo(row: Violation, law: str, hearer: Person, actor: Actor, reason: str, now: int) -> None:
    if row.outcome == "permanent":
        assert row.bar is not None, "it began with one"
        law = checked_reason(law, "law", min_length=5, max_length=300)
        barring.propose_end(row.bar, law, actor=actor, reason=reason[:400], now=now)
        return
    if row.ending is not None:
        _reopen(row, hearer, actor, reason, now)
    else:
        _lift(row, hearer, actor, reason, now)


def _reopen(row: Violation, officer: Person, actor: Actor, reason: str, now: int) -> int:
    _lift(row, officer, actor, reason, now)
    return give_back(row, officer, actor=actor, now=now) if row.ending is not None else 0


def _lift(row: Violation, officer: Person, actor: Actor, reason: str, now: int) -> None:
    for bar in Bar.objects.filter(origin=f"violation:{row.pk}", ended__isnull=True).exclude(kind="permanent"):
        barring.lift(bar, ender=officer, reason=reason[:400], actor=actor, now=now)
