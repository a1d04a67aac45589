"""Answers of use reviewers to a finding. No name is known before a second reviewer agrees (P-07, P-10 to P-13).

    open -> nothing | reminded | second;  second -> confirmed | refused;  confirmed -> handed

Each answer counts toward the precision of the rule; a reminder counts as right.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override

from civicmail.city.conduct.actions import violation_reports
from civicmail.city.conduct.models import Violation
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import Decision
from civicmail.city.identity.actions import tallies
from civicmail.city.notices.actions import notify
from civicmail.city.pages import wording
from civicmail.city.policy.clauses import CLAUSES, clause_url
from civicmail.desk.holding import senders
from civicmail.desk.holding.models import Finding, Precision
from civicmail.desk.holding.pseudonyms import key_of, pseudonym

KEPT_STATES = frozenset({"confirmed", "handed"})
"""States in which a finding is kept; all others expire."""
MAX_TEXT = 1000


def answer(finding: Finding, outcome: str, *, actor: Actor, reason: str, now: int) -> Finding:
    """Record the first reviewer's answer. outcome: nothing, reminded or second; finding: as it was shown. Raises NotPermitted,
    Unusable, Conflict."""
    guard.require(actor, "finding.answer", now=now)
    if outcome not in ("nothing", "reminded", "second"):
        raise field_error("answer", "Choose an answer.")
    reason = require_reason(reason, min_length=10)
    with transaction.atomic():
        row = _locked_finding(finding, "open")
        _require_other_person(row, actor, now)
        row.state, row.reviewer, row.answered, row.why = outcome, acting_person(actor), from_ms(now), reason
        row.save()
        if outcome != "second":
            _count_answer(row, right=outcome == "reminded")
        if outcome == "reminded":
            _remind(row, now)
            tallies.add(senders.department_of(_sender(row)), "finding-reminded", at=from_ms(now))
        _enter(row, actor, reason, now)
    return row


def second_review_resource(finding: Finding) -> Decision:
    """Resource of the second review: not by the first reviewer."""
    began = epoch_ms(finding.answered) if finding.answered is not None else 0
    return Decision(first_actors=(finding.reviewer.uid if finding.reviewer else "",), began_ms=began)


def decide_second(finding: Finding, *, right: bool, actor: Actor, reason: str, now: int) -> Finding:
    """Record the second reviewer's answer. If it confirms the finding, both reviewers see the name from then on. Raises
    NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "finding.second", second_review_resource(finding), now=now)
    reason = require_reason(reason, min_length=10)
    with transaction.atomic():
        row = _locked_finding(finding, "second")
        _require_other_person(row, actor, now)
        row.state, row.second, row.decided, row.answer = (
            "confirmed" if right else "refused",
            acting_person(actor),
            from_ms(now),
            reason,
        )
        row.person = _sender(row) if right else None
        row.save()
        if row.person is not None:  # who has a name now keeps none of it for what is not confirmed
            tallies.add(senders.department_of(row.person), "finding-confirmed", at=from_ms(now))
            Finding.objects.filter(pseudonym=row.pseudonym, person__isnull=True).update(pseudonym=pseudonym_of(row.person))
        _count_answer(row, right=right)
        _enter(row, actor, reason, now)
    return row


def hand_over(finding: Finding, text: str, *, actor: Actor, now: int) -> Violation:
    """Hand the finding over to the department as a report of a violation (city/conduct), in the same transaction. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "finding.hand-over", now=now)
    text = require_reason(text, "text", min_length=20, max_length=MAX_TEXT)
    with transaction.atomic():
        row = _locked_finding(finding, "confirmed")
        _require_other_person(row, actor, now)
        assert row.person is not None, "whoever is confirmed has a name"
        words, by = _report(row, row.person, text), acting_person(actor)
        made = violation_reports.hand_over(
            row.person, row.clause, text, row.capture, origin_of(row), words, by=by, actor=actor, now=now
        )
        save_values(row, state="handed")
        _enter(row, actor, text[:400], now)
    return made


def origin_of(finding: Finding) -> str:
    """The origin that a report of this finding states."""
    return f"finding:{finding.pk}"


def pseudonym_of(person: Person) -> str:
    """The person's current pseudonym; a new one after each confirmed finding, because reviewers then know the name."""
    data: Path | None = settings.DATA
    assert data is not None, "reviewers have an installation"
    return pseudonym(key_of(data), person.uid, Finding.objects.filter(person=person).count())


def _locked_finding(finding: Finding, state: str) -> Finding:
    row = lock_row(finding, "state")
    if row.state != state:
        raise Conflict("Not saved: this finding was answered already. Reload the page.")
    return row


def _sender(row: Finding) -> Person:
    person = senders.sender_of(row.capture)
    if person is None:
        raise Conflict("The record of this message cannot be read, so its sender is unknown.")
    return person


def _require_other_person(row: Finding, actor: Actor, now: int) -> None:
    sender = row.person or senders.sender_of(row.capture)
    if sender is not None and four_eyes.is_oneself(actor, sender, now):
        raise NotPermitted("Nobody answers a finding about themselves.")


def _count_answer(row: Finding, *, right: bool) -> None:
    precision, _ = Precision.objects.select_for_update().get_or_create(rule=row.rule, condition=row.condition)
    precision.answered, precision.confirmed = precision.answered + 1, precision.confirmed + int(right)
    precision.save()


def _remind(row: Finding, now: int) -> None:
    """Remind the sender. Only the audit log says who reviewed the message."""
    person = _sender(row)
    if not (to := senders.address_of(person)):
        raise Conflict("No reminder was sent, because the sender no longer has a mailbox.")
    with override(person.language):
        subject, text = _reminder(row)
    notify(f"finding:{row.pk}", to, subject, text, now=from_ms(now))


def _reminder(row: Finding) -> tuple[str, str]:
    """Subject and text, in the language that is on."""
    at, clause = timezone.localtime(row.received), CLAUSES[row.clause]
    opening = gettext("On {day} at {time} you sent a message that fits a rule of the e-mail policy about what mail is for.")
    lines = [
        opening.format(day=wording.day(at), time=wording.clock(at)),
        f"{row.clause}, {wording.translate(clause.title)}: {wording.translate(clause.says)}",
        gettext("It is read here: {page}").format(page=clause_url(row.clause, settings.CITY.web.url)),
        gettext(
            "This is a friendly reminder and nothing else: nothing was held back, your department was not told, and what the rule "
            "had found is deleted within 30 days. Who looked at it saw which words a list had in it, and not your name."
        ),
        gettext("If you think that the rule is wrong about this message, nothing has to be done. For questions ask the help desk."),
    ]
    return gettext("A reminder: {what}").format(what=wording.translate(clause.title)), "\n\n".join(lines)


def _report(row: Finding, person: Person, text: str) -> list[str]:
    department = senders.department_of(person)
    return [
        f"{_when(row)} {person} ({department}) sent a message that does not go with {row.clause} of the e-mail policy. "
        f"Two use reviewers have confirmed it, one after the other.",
        *_clause_lines(row.clause),
        f"What they say: {text}",
        f"Number of the message: {row.capture}. To read it takes a mandate; yours is asked for on the pages (P-16).",
        "What follows from it is for the department to decide; the person is asked first what they say to it.",
    ]


def _clause_lines(clause: str) -> list[str]:
    clause_text = CLAUSES[clause]
    return [f"{clause}, {clause_text.title}: {clause_text.says}", f"It is read here: {clause_url(clause, settings.CITY.web.url)}"]


def _when(row: Finding) -> str:
    at = timezone.localtime(row.received)
    return f"On {format_day(at.date())} at {wording.clock(at)}"


def _enter(row: Finding, actor: Actor, reason: str, now: int) -> None:
    facts = {"finding": row.pk, "rule": row.rule, "answer": row.state} | ({"person": row.person.uid} if row.person else {})
    act = {"second": "finding.answer", "nothing": "finding.answer", "reminded": "finding.answer", "handed": "finding.hand-over"}
    entries.enter(
        act.get(row.state, "finding.second"), actor=actor, reason=reason, now=now, object=f"capture:{row.capture}", facts=facts
    )
