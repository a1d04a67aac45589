"""One step of a violation case: a page with its form, what it changes, and what it does not (P-30; V1 to V4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.epoch import epoch_ms, format_day, from_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.views.city_request import CityRequest, acting, hidden_unless, may, require
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.actions.consequences import Decision
from civicmail.city.conduct.consequence_table import OUTCOMES
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views import violation_forms as typed
from civicmail.city.conduct.views.violations import DOING, doable, violation_or_404
from civicmail.city.directory.models import Person


@dataclass(frozen=True, slots=True)
class Step:
    """question: the h1; do: the verb on the input; button: verb and number."""

    question: str
    form: forms.Form
    do: Callable[[dict[str, Any]], object]
    button: str
    message: str
    effects: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    stop: bool = False


@acting("violation.see")
def do(request: CityRequest, department: str, pk: int, what: str) -> HttpResponse:
    """The step in the URL, for those who may; a step that is finished or not due is refused."""
    act = next((act for key, _, act in DOING if key == what), None)
    if act is None:
        raise Http404
    row = violation_or_404(request, department, pk)
    about = violation_parties.about_violation(row)
    require(request, "violation.see", about)
    require(request, act, about)
    if what not in doable(row) and request.method != "POST":
        raise Conflict("This step was done meanwhile, or is not due yet.")
    step = _STEPS[what](request, row)
    back = reverse("violation", args=[department, row.pk])
    page = Page(step.question, str(row.department), [(f"Violation {row.pk}", back)])
    return respond_to_form(
        request, step.form, lambda: step.do(step.form.cleaned_data), page=page, back=back, message=step.message,
        **({"template": FORM_TEMPLATE, "submit": step.button} if not step.effects else {}), effects=step.effects, stays=step.stays,
        verb=step.button, stop=step.stop,
    )  # fmt: skip


def _ask(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    until = timezone.localdate(from_ms(now + violation_reports.RESPONSE_MS))
    effects = (
        f"{row.person} is told the rule, and has until {format_day(until)} to answer.",
        "There is no finding against anybody before they answered, or that day.",
    )
    stays = ("They do not learn who reported it. Their access stays as it is.",)
    form = typed.Nothing(request.POST or None)
    return Step(
        f"Ask {row.person} for an answer?", form, lambda _: findings.ask_response(row, actor=actor, now=now), "Ask 1 person",
        "The person is asked.", effects, stays,
    )  # fmt: skip


def _response(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Response(request.POST or None)
    return Step(
        f"What does {row.person} say?", form,
        lambda c: findings.record_response(row, c["text"], c["reference"], actor=actor, now=now), "Record 1 answer",
        "The answer is recorded.",
    )  # fmt: skip


def _evidence(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.MessageNumber(request.POST or None)
    return Step(
        "Which message shows it?", form,
        lambda c: violation_reports.add_evidence(row, c["number"], actor=actor, reason=c["reason"], now=now), "Add 1 message",
        "The message is named.",
    )  # fmt: skip


def _finding(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Finding(row.own, row.state == "recorded", request.POST or None)
    effects = (
        "Confirmed: somebody else decides what follows. The person is told.",
        *(("Confirmed: access of this agency's person ends at once, at every door.",) if violation_parties.is_outside(row) else ()),
        "Unfounded or noted: the case is closed, and counts for nothing.",
    )

    def verb(c: dict[str, Any]) -> object:
        return findings.find(
            row, c["finding"], severe=c["severe"], good_faith=not c["bad_faith"], actor=actor, reason=c["reason"], now=now
        )

    return Step(f"Did {row.person} break {row.clause}?", form, verb, "Record 1 finding", "The finding is recorded.", effects)


def _reverse(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Because(request.POST or None)
    effects = (
        f"{row.person} works here again, with the same rights until the same days, and signs in as before.",
        "Device passwords and duties are made anew. What was held is delivered.",
    )
    stays = ("The record and its end stay in the history. It counts for nothing.",)
    return Step(
        "Was the record wrong?", form, lambda c: consequences.reverse(row, actor=actor, reason=c["reason"], now=now),
        "Give access back to 1 person", "Access is back.", effects, stays,
    )  # fmt: skip


def _decision(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    table, (_, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    form = typed.Deciding(table, ladder, table.procedures_for(row.kind), request.POST or None)
    proposed = violation_parties.proposed(row, now)
    days = f" for {proposed.days} days" if proposed.days else ""
    effects = (
        f"The table proposes: {OUTCOMES[proposed.outcome].lower()}{days}. You decide, and may depart from it with a reason.",
        "What concerns mail happens at once. To bar somebody for good takes a second officer first.",
        "The person is told, with the ground, and can appeal for 30 days.",
    )
    stays = ("Nothing else than mail is decided here. No mail is deleted.",)

    def verb(c: dict[str, Any]) -> object:
        decision = Decision(c["outcome"], c["ground"], c["cites"], c["why"], c["days"] or 0, form.written())
        return consequences.decide(row, decision, actor=actor, now=now)

    return Step(f"What follows for {row.person}?", form, verb, "Decide 1 case", "It is decided.", effects, stays)


def _second(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.YesOrNo("Yes: barred for good", "No: somebody decides afresh", request.POST or None)
    effects = (
        f"Yes: {row.person} may not use the city's mail any more, at any agency, under any name or address.",
        "Yes: no button undoes it. It ends by two officers and a law, or not at all.",
        f"{row.decider} says why: {row.why}",
    )
    stays = ("The employment is not decided here. No mail is deleted.",)
    return Step(
        f"Bar {row.person} for good?", form,
        lambda c: consequences.agree(row, yes=c["answer"] == "yes", actor=actor, reason=c["reason"], now=now),
        "Answer for 1 person", "Your answer is recorded.", effects, stays, stop=True,
    )  # fmt: skip


def _training(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Because(request.POST or None)
    return Step(
        f"Has {row.person} done the training?", form,
        lambda c: consequences.note_training(row, actor=actor, reason=c["reason"], now=now), "Note 1 training", "It is noted.",
    )  # fmt: skip


def _appeal(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Response(request.POST or None)
    return Step(
        f"What does {row.person} say against it?", form,
        lambda c: consequences.record_appeal(row, c["text"], c["reference"], actor=actor, now=now), "Record 1 appeal",
        "The appeal is recorded.",
    )  # fmt: skip


def _hearing(request: CityRequest, row: Violation) -> Step:
    now, actor = epoch_ms(request.now), request.actor
    form = typed.Hearing("It stands", "It is overturned", request.POST or None)
    effects = (
        "Overturned: a suspension or restriction ends at once, and the strike does not count.",
        "Overturned: a permanent bar ends when another officer agrees, by the law that you name.",
    )
    return Step(
        f"Does the decision about {row.person} stand?", form,
        lambda c: consequences.hear(row, uphold=c["answer"] == "yes", law=c["law"], actor=actor, reason=c["reason"], now=now),
        "Answer 1 appeal", "The appeal is heard.", effects,
    )  # fmt: skip


_STEPS: dict[str, Callable[[CityRequest, Violation], Step]] = {
    "ask": _ask,
    "response": _response,
    "evidence": _evidence,
    "finding": _finding,
    "reverse": _reverse,
    "decision": _decision,
    "second": _second,
    "training": _training,
    "appeal": _appeal,
    "hearing": _hearing,
}


@acting("violation.name")
def name(request: CityRequest, pk: int) -> HttpResponse:
    """Record who sent the message; the case then belongs to their department."""
    require(request, "violation.name")
    row = get_object_or_404(Violation, pk=pk)
    form = typed.Name(request.POST or None)
    back = reverse("violation-unnamed", args=[row.pk])

    def verb() -> Violation:
        c = form.cleaned_data
        return violation_reports.name(
            row, c["person"], c["clause"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )

    page = Page("Whose message was it?", "Violations", [(f"Violation {row.pk}", back)])
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=back,
        template=FORM_TEMPLATE,
        submit="Name 1 person",
        message="The department is told.",
        to=lambda made: reverse("violation", args=[made.department.code, made.pk]) if made.department else back,
    )


@acting("violation.record")
def record(request: CityRequest, uid: str) -> HttpResponse:
    """Record a violation of an agency's person, which ends all their access. Made for phones."""
    who = get_object_or_404(Person, uid=uid)
    about = violation_parties.about(who)
    hidden_unless(request, "violation.record", about)
    work = violation_parties.work_of(who)
    if work is None or work.contract is None or work.ended is not None:
        raise Http404
    form = typed.Record(request.POST or None)

    def verb() -> Violation:
        c = form.cleaned_data
        return violation_reports.record(who, c["clause"], c["what"], form.numbers(), actor=request.actor, now=epoch_ms(request.now))

    effects = [
        f"{who} ({work.contract.agency}) is signed out everywhere, and can neither send nor read, within a second.",
        "The agency's contact, the sponsor and the department are told; nobody gets a word of any message.",
    ]
    stays = ["No mail is deleted.", "Their answer and a review by somebody else come after. A wrong record is taken back."]
    page = Page(f"Record a violation by {who}?", str(work.contract.agency))
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=reverse("violation-new"),
        effects=effects,
        stays=stays,
        stop=True,
        verb="End access of 1 person now",
        message=f"Access of {who} has ended at every door.",
        to=lambda made: _after(request, made),
    )


def _after(request: CityRequest, made: Violation) -> str:
    """The record, if its author may see the case."""
    about = violation_parties.about_violation(made)
    if made.department is None or not may(request, "violation.see", about):
        return reverse("violation-new")
    return reverse("violation", args=[made.department.code, made.pk])
