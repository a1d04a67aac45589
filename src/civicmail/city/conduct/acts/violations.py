"""Reports and records of violations, and the person's responses (P-09, P-30; V1, C2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Command, FormPage, Operation, OwnAct, Page, Parameter
from civicmail.city.pages.inputs import Choice, Choices, Input, Lines, OptionalPerson, PersonName, Text, reason
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Violation
    from civicmail.city.directory.models import Person

ROLES_OF_THE_CITY = frozenset(
    {"P-01", "P-02", "P-03", "P-04", "P-05", "P-06", "P-08", "P-21", "P-23", "P-24", "P-28", "P-29", "P-30"}
)
"""Clauses about the city's own duties, which nobody breaks by a message."""
_NUMBERS = _("The number of the message, as its page and its record name it; several with a blank between them.")


class Report(Input):
    """whose: other (with person: number or address), or me, for one's own mistake; clause: like P-14; what: in own words, without
    copying mail; evidence: numbers of messages."""

    whose = Choice(
        label=_("Who was it?"), radio=True, missing=_("Choose one of the two answers."),
        choices=[("other", _("Somebody else")), ("me", _("It was me, by mistake"))],
    )  # fmt: skip
    person = OptionalPerson(label=_("Which person?"), help=_("Only for the first answer."))
    clause = Choice(label=_("Which rule?"))
    what = Text(
        label=_("What happened?"), help=_("In your own words, without copying mail. At least 20 characters."), min_length=20,
        max_length=2000,
    )  # fmt: skip
    evidence = Lines(label=_("Which messages?"), help=_NUMBERS, required=False, max_length=800, rows=2)


class Record(Input):
    """clause: like P-14; what: in own words, without copying mail; evidence: numbers of messages."""

    clause = Choice(label="Report a violation", help="Its number, such as P-12.")
    what = Text(
        label="What happened?", help="In your own words, without copying mail. At least 20 characters.", min_length=20,
        max_length=2000,
    )  # fmt: skip
    evidence = Lines(label="Which messages show it?", help=_NUMBERS, max_length=800, rows=2)


class Sender(Input):
    """person: number or address; clause: the rule concerned; reason: the reporter's evidence."""

    person = PersonName(label="Name the sender")
    clause = Choice(label="Which rule is meant?")
    reason = reason("How do you know?", "At least 10 characters.", min_length=10)


class OwnWords(Input):
    """text: at least ten characters."""

    text = Text(
        label=_("What do you say to it?"), help=_("At least 10 characters. The person who decides reads it."), min_length=10,
        max_length=4000, rows=6,
    )  # fmt: skip


class ReportViolation(Act[None, Report, "Violation"]):
    """Report a violation, one's own or another's."""

    name, permission, input = "report_violation", "violation.report", Report
    operation = Operation("/violations", "write:violations", page="violation-new", status=201)

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        return {"clause": _clauses()}

    def perform(self, given: Report, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import violation_reports
        from civicmail.city.guard.actions.acting import acting_person

        person = acting_person(actor) if given.whose == "me" else given.person
        return violation_reports.report(person, given.clause, given.what, _numbers(given.evidence), actor=actor, now=now)

    success_message = _("Reported. The person who decides is notified.")


@dataclass(frozen=True, slots=True)
class Recorded:
    """is_visible: whether the recorder may see the case."""

    case: Violation
    is_visible: bool


class RecordViolation(Act["Person", Record, Recorded]):
    """Record a violation by somebody who works for an agency: their access ends with it, at every door. Their answer and a review
    by somebody else come after; a wrong record is taken back by somebody else."""

    name, permission, input = "record_violation", "violation.record", Record
    page = Page("access/violations/record/<str:uid>/", "violation-record")
    operation = Operation("/people/{str:uid}/violations", "write:violations", status=201)
    command = Command(
        "violation record", personal=True, positions=("clause",), options={"what": "--reason"},
        row={"person": Parameter("PERSON", "Number or address of an agency's person.")},
    )  # fmt: skip

    def load(self, uid: str, *, actor: Actor, now: int) -> Person:
        from django.http import Http404
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.queries.violation_parties import work_of
        from civicmail.city.directory.models import Person

        person = get_object_or_404(Person, uid=uid)
        work = work_of(person)
        if work is None or work.contract is None or work.ended is not None:
            raise Http404
        return person

    def find(self, person: str, *, actor: Actor, now: int) -> Person:
        from civicmail.city.identity.queries.signin import find_person

        return require_row(find_person(person), f"The directory has nobody who is {person}.")

    def is_hidden(self, row: Person, actor: Actor, now: int) -> bool:
        from civicmail.city.guard import guard

        return not guard.may(actor, self.permission, self.resource(row, actor), now=now)

    def resource(self, row: Person, actor: Actor) -> Resource:
        from civicmail.city.conduct.queries import violation_parties

        return violation_parties.about(row)

    def choices(self, row: Person, actor: Actor) -> Mapping[str, Choices]:
        return {"clause": _clauses()}

    def perform(self, row: Person, given: Record, *, actor: Actor, now: int) -> Recorded:
        from civicmail.city.conduct.actions import violation_reports
        from civicmail.city.conduct.queries import violation_parties
        from civicmail.city.guard.queries import four_eyes

        case = violation_reports.record(row, given.clause, given.what, _numbers(given.evidence), actor=actor, now=now)
        return Recorded(case, bool(four_eyes.may(actor, "violation.see", violation_parties.about_violation(case), now=now)))

    def message(self, row: Person, done: Recorded) -> str:
        return f"Access of {row} has ended at every door."

    def line(self, row: Person, done: Recorded) -> str:
        return f"Violation {done.case.pk} is recorded, and access of {row} has ended."

    def after(self, done: Recorded) -> str:
        from civicmail.city.conduct.actions import violation_reports

        return violation_reports.address(done.case) if done.case.department is not None and done.is_visible else ""

    def form_page(self, row: Person) -> FormPage:
        from django.urls import reverse

        from civicmail.city.conduct.queries.violation_parties import work_of

        work = work_of(row)
        assert work is not None and work.contract is not None, "the page is for people of agencies"
        return FormPage(
            title=f"Record a violation by {row}?", section=str(work.contract.agency), submit="End access of 1 person now",
            back=reverse("violation-new"), stop=True,
            effects=[
                f"{row} ({work.contract.agency}) is signed out everywhere, and can neither send nor read, within a second.",
                "The agency's contact, the sponsor and the department are told; nobody gets a word of any message.",
            ],
            stays=["No mail is deleted.", "Their answer and a review by somebody else come after. A wrong record is taken back."],
        )  # fmt: skip


class NameViolation(Act["Violation", Sender, "Violation"]):
    """Name the sender of the message; the case then belongs to the department."""

    name, permission, input = "name_violation", "violation.name", Sender
    page = Page("access/violations/<int:pk>/name/", "violation-name")
    operation = Operation("/violations/{int:id}/name", "write:decisions")

    model = "conduct.Violation"

    def choices(self, row: Violation, actor: Actor) -> Mapping[str, Choices]:
        return {"clause": _clauses()}

    def perform(self, row: Violation, given: Sender, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import violation_reports

        return violation_reports.name(row, given.person, given.clause, actor=actor, reason=given.reason, now=now)

    success_message = "The department is told."

    def after(self, done: Violation) -> str:
        from civicmail.city.conduct.actions import violation_reports

        return violation_reports.address(done)

    def form_page(self, row: Violation) -> FormPage:
        from django.urls import reverse

        back = reverse("violation-unnamed", args=[row.pk])
        return FormPage(
            title="Name the sender", section="Violations", crumbs=[(f"Violation {row.pk}", back)], submit="Name 1 person",
            back=back,
        )  # fmt: skip


class AnswerMyViolation(OwnAct["Violation", OwnWords, "Violation"]):
    """Respond to a report about me, or appeal a decision, whichever is due."""

    name, permission, input = "answer_my_violation", "my.violations", OwnWords
    operation = Operation("/me/violations/{int:id}/answer", "write:me", page="my-violation")

    def load(self, pk: int, *, actor: Actor, now: int) -> Violation:
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.queries import violations

        return get_object_or_404(violations.known_to(actor.uid), pk=pk)

    def perform(self, row: Violation, given: OwnWords, *, actor: Actor, now: int) -> Violation:
        from civicmail.city.conduct.actions import consequences

        return consequences.answer(row, given.text, actor=actor, now=now)

    def message(self, row: Violation, done: Violation) -> str:
        if done.state == "appealed":
            return _("Your appeal is recorded. A person who had no part in the case hears it.")
        return _("Your answer is recorded.")

    next_page = "my-violation"


def _clauses() -> Choices:
    """Rules that a person can break, with titles in the language of the page."""
    from civicmail.city.pages import wording
    from civicmail.city.policy.clauses import CLAUSES

    return [
        (number, f"{number} {wording.translate(clause.title)}")
        for number, clause in CLAUSES.items()
        if number not in ROLES_OF_THE_CITY
    ]


def _numbers(lines: Sequence[str]) -> list[str]:
    """Numbers of messages, with blanks, commas or ends of lines between them."""
    return " ".join(lines).replace(",", " ").split()


REPORT_VIOLATION, RECORD_VIOLATION = ReportViolation(), RecordViolation()
NAME_VIOLATION, ANSWER_MY_VIOLATION = NameViolation(), AnswerMyViolation()
