"""Steps of a violation case, from the question to the person to the appeal (P-30; V1 to V4).

What follows is decided by hand (views/violation_steps.py): its form is made from the city's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation
from civicmail.city.pages.inputs import Choice, Choices, Flag, Input, Seen, Text

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Violation


class CaseSeen(Input):
    """state: of the case as seen."""

    state = Seen()


class CaseReason(CaseSeen):
    """reason: at least twenty characters; state: of the case as seen."""

    reason = Text(label="Why?", help="At least 20 characters. It is kept for ever.", min_length=20, max_length=1000, rows=4)


class PaperStatement(CaseSeen):
    """text: the person's statement, on paper or to an officer; reference: where the paper is; state: of the case as seen."""

    text = Text(label="What does the person say?", help="In their words.", min_length=10, max_length=4000, rows=6)
    reference = Text(label="Where is the paper?", help="File, or who heard it and when.", max_length=200, rows=1)


class MessageNumber(CaseSeen):
    """number: of a message; reason: what it proves; state: of the case as seen."""

    number = Text(label="Number of the message", max_length=60, rows=1)
    reason = Text(label="What does it show?", help="In your own words.", min_length=3)


class Finding(CaseSeen):
    """finding: confirm, dismiss, or note for one's own mistake; severe: straight to the end of the table; bad_faith: the report was
    not made in good faith; reason: at least twenty characters; state: of the case as seen."""

    finding = Choice(label="What do you find?", radio=True, missing="Choose a finding.")
    severe = Flag(label="Severe: straight to the end of the table")
    bad_faith = Flag(label="The report was not made in good faith")
    reason = Text(label="Why?", help="At least 20 characters. The person reads it.", min_length=20, max_length=1000, rows=4)


class SecondOpinion(CaseSeen):
    """answer: yes or no; reason: at least twenty characters; state: of the case as seen."""

    answer = Choice(
        label="Do you agree?", radio=True, missing="Choose an answer.",
        choices=[("yes", "Yes: barred for good"), ("no", "No: somebody decides afresh")],
    )  # fmt: skip
    reason = Text(label="Why?", help="At least 20 characters.", min_length=20, max_length=1000, rows=4)


class Hearing(CaseSeen):
    """answer: yes, it stands, or no, it is overturned; law: required to end a permanent bar; reason: at least twenty characters;
    state: of the case as seen."""

    answer = Choice(
        label="Does it stand?", radio=True, missing="Choose an answer.",
        choices=[("yes", "It stands"), ("no", "It is overturned")],
    )  # fmt: skip
    law = Text(
        label="By which law?", help="Only where a permanent bar shall end: the law or the order.", required=False, max_length=300,
        rows=1,
    )  # fmt: skip
    reason = Text(label="Why?", help="At least 20 characters.", min_length=20, max_length=1000, rows=4)


class Step[Given: CaseSeen](Act["Violation", Given, "Violation"]):
    """step: its name in the addresses of pages and operations; link: of the page of the case."""

    step: str
    link: str

    def load(self, department: str, pk: int, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.views.violations import violation_or_404
        from civicmail.city.guard import guard
        from civicmail.city.guard.resources import InDepartment
        from civicmail.city.identity.views.roster import department_of

        guard.require(actor, "violation.see", InDepartment(department_of(department).code), now=now)
        return violation_or_404(department, pk)

    def resource(self, row: Violation, actor: Actor) -> Resource:
        from civicmail.city.conduct.queries import violation_parties

        return violation_parties.about_violation(row)


def _operation(step: str) -> Operation:
    return Operation(f"/departments/{{slug:department}}/violations/{{int:id}}/{step}", "write:decisions", page="violation-do")


def _page(
    row: Violation, title: str, submit: str, effects: Sequence[str] = (), stays: Sequence[str] = (), *, stop: bool = False
) -> FormPage:
    from django.urls import reverse

    assert row.department is not None, "a case with a step belongs to a department"
    back = reverse("violation", args=[row.department.code, row.pk])
    return FormPage(
        title=title, section=str(row.department), crumbs=[(f"Violation {row.pk}", back)], submit=submit, back=back, effects=effects,
        stays=stays, stop=stop,
    )  # fmt: skip


class AskPerson(Step[CaseSeen]):
    """Ask the person for a response within a week; the reporter stays unnamed."""

    name, permission, input = "ask_reported", "violation.find", CaseSeen
    step, link, operation = "ask", "Ask for an answer…", _operation("ask")

    def perform(self, row: Violation, given: CaseSeen, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import findings

        return findings.ask_response(row, actor=actor, now=now)

    success_message = "The person is asked."

    def form_page(self, row: Violation, now: int) -> FormPage:
        from django.utils import timezone

        from civicmail.city.conduct.actions.violation_reports import RESPONSE_MS
        from civicmail.city.guard.epoch import format_day, from_ms

        until = format_day(timezone.localdate(from_ms(now + RESPONSE_MS)))
        effects = [
            f"{row.person} is told the rule, and has until {until} to answer.",
            "There is no finding against anybody before they answered, or that day.",
        ]
        stays = ["They do not learn who reported it. Their access stays as it is."]
        return _page(row, f"Ask {row.person} for an answer?", "Ask 1 person", effects, stays)


class RecordResponse(Step[PaperStatement]):
    """Record the response of a person without sign-in."""

    name, permission, input = "record_response", "violation.find", PaperStatement
    step, link, operation = "response", "Write down their answer…", _operation("response")

    def perform(self, row: Violation, given: PaperStatement, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import findings

        return findings.record_response(row, given.text, given.reference, actor=actor, now=now)

    success_message = "The answer is recorded."

    def form_page(self, row: Violation, now: int) -> FormPage:
        return _page(row, f"Record the answer of {row.person}", "Record 1 answer")


class AddEvidence(Step[MessageNumber]):
    """Add another message by its number, before a finding exists."""

    name, permission, input = "add_evidence", "violation.find", MessageNumber
    step, link, operation = "evidence", "Add a message…", _operation("evidence")

    def perform(self, row: Violation, given: MessageNumber, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import violation_reports

        violation_reports.add_evidence(row, given.number, actor=actor, reason=given.reason, now=now)
        return row

    success_message = "The message is named."

    def form_page(self, row: Violation, now: int) -> FormPage:
        return _page(row, "Add a message as evidence", "Add 1 message")


class FindViolation(Step[Finding]):
    """Find whether the rule was violated, after the response or a week. Never by the reporter."""

    name, permission, input = "find_violation", "violation.find", Finding
    step, link, operation = "finding", "Record the finding…", _operation("finding")

    def choices(self, row: Violation, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.conduct.actions.findings import findings_for

        return {"finding": findings_for(row)}

    def perform(self, row: Violation, given: Finding, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import findings

        return findings.find(
            row, given.finding, severe=given.severe, good_faith=not given.bad_faith, actor=actor, reason=given.reason, now=now
        )

    success_message = "The finding is recorded."

    def form_page(self, row: Violation, now: int) -> FormPage:
        from civicmail.city.conduct.queries.violation_parties import is_outside

        effects = [
            "Confirmed: somebody else decides what follows. The person is told.",
            *(["Confirmed: access of this agency's person ends at once, at every door."] if is_outside(row) else []),
            "Unfounded or noted: the case is closed, and counts for nothing.",
        ]
        return _page(row, f"Did {row.person} break {row.clause}?", "Record 1 finding", effects)


class ReverseRecord(Step[CaseReason]):
    """Reverse a wrong record, as another person than its author: access is restored."""

    name, permission, input = "reverse_record", "violation.reverse", CaseReason
    step, link, operation = "reverse", "The record was wrong…", _operation("reverse")

    def perform(self, row: Violation, given: CaseReason, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        return consequences.reverse(row, actor=actor, reason=given.reason, now=now)

    success_message = "Access is back."

    def form_page(self, row: Violation, now: int) -> FormPage:
        effects = [
            f"{row.person} works here again, with the same rights until the same days, and signs in as before.",
            "Device passwords and roles are made anew. What was held is delivered.",
        ]
        stays = ["The record and its end stay in the history. It counts for nothing."]
        return _page(row, f"Restore access of {row.person}?", "Restore access of 1 person", effects, stays)


class SecondBar(Step[SecondOpinion]):
    """Agree or disagree with a permanent bar, as a second officer."""

    name, permission, input = "second_violation", "violation.second", SecondOpinion
    step, link, operation = "second", "Agree or not…", _operation("second")

    def perform(self, row: Violation, given: SecondOpinion, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        return consequences.agree(row, yes=given.answer == "yes", actor=actor, reason=given.reason, now=now)

    success_message = "Your answer is recorded."

    def form_page(self, row: Violation, now: int) -> FormPage:
        effects = [
            f"Yes: {row.person} may not use the city's mail any more, at any agency, under any name or address.",
            "Yes: no button undoes it. It ends by two officers and a law, or not at all.",
            f"{row.decider} says why: {row.why}",
        ]
        stays = ["The employment is not decided here. No mail is deleted."]
        return _page(row, f"Ban {row.person} permanently?", "Answer for 1 person", effects, stays, stop=True)


class NoteTraining(Step[CaseReason]):
    """Record that the person completed the training after a warning."""

    name, permission, input = "note_training", "violation.find", CaseReason
    step, link, operation = "training", "Training was done…", _operation("training")

    def perform(self, row: Violation, given: CaseReason, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        return consequences.note_training(row, actor=actor, reason=given.reason, now=now)

    success_message = "It is noted."

    def form_page(self, row: Violation, now: int) -> FormPage:
        return _page(row, f"Record training of {row.person}", "Record 1 training")


class RecordAppeal(Step[PaperStatement]):
    """Record an appeal on paper, within thirty days of the decision."""

    name, permission, input = "record_appeal", "violation.hear", PaperStatement
    step, link, operation = "appeal", "Write down an appeal…", _operation("appeal")

    def perform(self, row: Violation, given: PaperStatement, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        return consequences.record_appeal(row, given.text, given.reference, actor=actor, now=now)

    success_message = "The appeal is recorded."

    def form_page(self, row: Violation, now: int) -> FormPage:
        return _page(row, f"Record the appeal of {row.person}", "Record 1 appeal")


class HearAppeal(Step[Hearing]):
    """Decide an appeal, as a person without part in the case."""

    name, permission, input = "hear_appeal", "violation.hear", Hearing
    step, link, operation = "hearing", "Hear the appeal…", _operation("hearing")

    def perform(self, row: Violation, given: Hearing, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        uphold = given.answer == "yes"
        return consequences.hear(row, uphold=uphold, law=given.law, actor=actor, reason=given.reason, now=now)

    success_message = "The appeal is heard."

    def form_page(self, row: Violation, now: int) -> FormPage:
        effects = [
            "Overturned: a suspension or restriction ends at once, and the strike does not count.",
            "Overturned: a permanent bar ends when another officer agrees, by the law that you name.",
        ]
        return _page(row, f"Decide the appeal of {row.person}", "Decide 1 appeal", effects)


ASK_PERSON, RECORD_RESPONSE, ADD_EVIDENCE = AskPerson(), RecordResponse(), AddEvidence()
FIND_VIOLATION, REVERSE_RECORD, SECOND_BAR = FindViolation(), ReverseRecord(), SecondBar()
NOTE_TRAINING, RECORD_APPEAL, HEAR_APPEAL = NoteTraining(), RecordAppeal(), HearAppeal()
_ALL: tuple[Step[Any], ...] = (
    ASK_PERSON, RECORD_RESPONSE, ADD_EVIDENCE, FIND_VIOLATION, REVERSE_RECORD, SECOND_BAR, NOTE_TRAINING, RECORD_APPEAL,
    HEAR_APPEAL,
)  # fmt: skip
BY_STEP: dict[str, Step[Any]] = {act.step: act for act in _ALL}
"""Acts by the name of their step."""
