"""Violation cases: responses, findings, decisions, appeals, bars (P-09, P-30; V1 to V4).

Each request names the state that it saw; the verb enforces separation of officers as on the pages. No message text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Field, Schema

from civicmail.city.access.actions import barring
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.models import Bar
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.actions.consequences import Decision
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views import violation_forms as typed
from civicmail.city.conduct.views.bars import End
from civicmail.city.conduct.views.violations import violation_or_404
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.violations import Case, case
from civicmail.front.web.api.operations.violations import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

ONE = "/departments/{slug:department}/violations/{int:id}"
BAR = "/bars/{int:id}"


class CaseSeen(Schema):
    """state: of the case as it was seen."""

    state: str


class CaseBecause(CaseSeen):
    """reason: in at least twenty characters."""

    reason: str


class CaseHeard(CaseSeen):
    """text: what the person says, on paper or to an officer; reference: where the paper is."""

    text: str
    reference: str


class Shows(CaseSeen):
    """number: of a message; reason: what it shows."""

    number: str
    reason: str


class CaseFinding(CaseBecause):
    """finding: confirm, dismiss, or note for one's own mistake; severe: straight to the end of the table; bad_faith: the report was
    not made in good faith."""

    finding: str
    severe: bool = False
    bad_faith: bool = False


class CaseDecision(CaseSeen):
    """outcome: none, warning, suspension, restriction, ended or permanent; days: of a suspension or restriction; ground, procedure:
    their ids in the city's table; cites: section or article; written: what the procedure asks for, by its keys."""

    outcome: str
    ground: str
    cites: str
    why: str
    procedure: str
    days: int | None = None
    written: dict[str, str] = Field(default_factory=dict)


class YesNo(CaseBecause):
    """answer: yes or no."""

    answer: str


class Judged(YesNo):
    """answer: yes, it stands, or no, it is overturned; law: needed where a permanent bar shall end."""

    law: str = ""


class Named(Schema):
    """person: number or address; clause: the rule that is meant; reason: how one knows."""

    person: str
    clause: str
    reason: str


class BarLine(Schema):
    """kind: permanent, suspension, restriction or re-entry; asker, law: who asks that a permanent one ends, and by which law."""

    id: int
    person: Who
    kind: str
    since: datetime
    until: datetime | None
    ended: datetime | None
    origin: str
    reason: str
    first: Who | None
    second: Who | None
    asker: Who | None
    law: str


class EndBar(Schema):
    """law: by which one; reason: in at least twenty characters."""

    law: str
    reason: str


class AnswerBar(Schema):
    """answer: yes, it ends, or no, it stays."""

    answer: str
    reason: str


def _seen(request: Call, department: str, id_: int, what: str, act: str, body: CaseSeen) -> Violation:
    """The case as it was seen, for whoever may do this with it. what: of views/violations.py."""
    require(request, "violation.see", InDepartment(department_of(department).code))
    row = violation_or_404(request, department, id_)
    require(request, act, violation_parties.about_violation(row))
    as_seen(request, row.state, body.state, "This case has gone on meanwhile; read it again.")
    return row


def _now(row: Violation) -> Case:
    return case(reloaded(row))


def reloaded(row: Violation) -> Violation:
    """As it is after the verb, with what is shown of it."""
    return Violation.objects.select_related("person", "department", "agency", "decider").get(pk=row.pk)


@operation(router, "POST", f"{ONE}/ask", act="violation.find", scope="write:decisions", page="violation-do", response=Case)
def ask_reported(request: Call, department: str, id: int, body: CaseSeen) -> Case:
    """Ask the person for a response within a week; the reporter stays unnamed."""
    row = _seen(request, department, id, "ask", "violation.find", body)
    return once(request, lambda: _now(findings.ask_response(row, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/response", act="violation.find", scope="write:decisions", page="violation-do", response=Case)
def record_response(request: Call, department: str, id: int, body: CaseHeard) -> Case:
    """Record the response of a person without sign-in."""
    row = _seen(request, department, id, "response", "violation.find", body)
    c = request_bodies.checked(typed.Response(request_bodies.plain(body)))
    response = c["text"], c["reference"]
    return once(request, lambda: _now(findings.record_response(row, *response, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/evidence", act="violation.find", scope="write:decisions", page="violation-do", response=Case)
def add_evidence(request: Call, department: str, id: int, body: Shows) -> Case:
    """Add another message by its number, before a finding exists."""
    row = _seen(request, department, id, "evidence", "violation.find", body)
    c = request_bodies.checked(typed.MessageNumber(request_bodies.plain(body)))

    def do() -> Case:
        violation_reports.add_evidence(row, c["number"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        return _now(row)

    return once(request, do)


@operation(router, "POST", f"{ONE}/finding", act="violation.find", scope="write:decisions", page="violation-do", response=Case)
def find_violation(request: Call, department: str, id: int, body: CaseFinding) -> Case:
    """Find whether the rule was violated, after the response or a week. Never by the reporter."""
    row = _seen(request, department, id, "finding", "violation.find", body)
    c = request_bodies.checked(typed.Finding(row.own, row.state == "recorded", request_bodies.plain(body)))

    def do() -> Case:
        made = findings.find(
            row, c["finding"], severe=c["severe"], good_faith=not c["bad_faith"], actor=request.actor, reason=c["reason"],
            now=epoch_ms(request.now),
        )  # fmt: skip
        return _now(made)

    return once(request, do)


@operation(router, "POST", f"{ONE}/reverse", act="violation.reverse", scope="write:decisions", page="violation-do", response=Case)
def reverse_record(request: Call, department: str, id: int, body: CaseBecause) -> Case:
    """Reverse a wrong record, as another person than its author: access is restored."""
    row = _seen(request, department, id, "reverse", "violation.reverse", body)
    reason = request_bodies.checked(typed.Because(request_bodies.plain(body)))["reason"]
    return once(request, lambda: _now(consequences.reverse(row, actor=request.actor, reason=reason, now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/decision", act="violation.decide", scope="write:decisions", page="violation-do", response=Case)
def decide_violation(request: Call, department: str, id: int, body: CaseDecision) -> Case:
    """Decide the consequence, as another person than the finder. A permanent bar needs a second officer."""
    row = _seen(request, department, id, "decision", "violation.decide", body)
    table, (_, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    form = typed.Deciding(table, ladder, table.procedures_for(row.kind), {**body.written, **request_bodies.plain(body)})
    c = request_bodies.checked(form)
    decision = Decision(c["outcome"], c["ground"], c["cites"], c["why"], c["days"] or 0, form.written())
    return once(request, lambda: _now(consequences.decide(row, decision, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/second", act="violation.second", scope="write:decisions", page="violation-do", response=Case)
def second_violation(request: Call, department: str, id: int, body: YesNo) -> Case:
    """Agree or disagree with a permanent bar, as a second officer."""
    row = _seen(request, department, id, "second", "violation.second", body)
    c = request_bodies.checked(typed.YesOrNo("yes", "no", request_bodies.plain(body)))

    def do() -> Case:
        yes = c["answer"] == "yes"
        return _now(consequences.agree(row, yes=yes, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)))

    return once(request, do)


@operation(router, "POST", f"{ONE}/training", act="violation.find", scope="write:decisions", page="violation-do", response=Case)
def note_training(request: Call, department: str, id: int, body: CaseBecause) -> Case:
    """Record that the person completed the training after a warning."""
    row = _seen(request, department, id, "training", "violation.find", body)
    reason = request_bodies.checked(typed.Because(request_bodies.plain(body)))["reason"]
    return once(
        request, lambda: _now(consequences.note_training(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)))
    )


@operation(router, "POST", f"{ONE}/appeal", act="violation.hear", scope="write:decisions", page="violation-do", response=Case)
def record_appeal(request: Call, department: str, id: int, body: CaseHeard) -> Case:
    """Record an appeal on paper, within thirty days of the decision."""
    row = _seen(request, department, id, "appeal", "violation.hear", body)
    c = request_bodies.checked(typed.Response(request_bodies.plain(body)))
    appeal = c["text"], c["reference"]
    return once(request, lambda: _now(consequences.record_appeal(row, *appeal, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/hearing", act="violation.hear", scope="write:decisions", page="violation-do", response=Case)
def hear_appeal(request: Call, department: str, id: int, body: Judged) -> Case:
    """Decide an appeal, as a person without part in the case."""
    row = _seen(request, department, id, "hearing", "violation.hear", body)
    c = request_bodies.checked(typed.Hearing("yes", "no", request_bodies.plain(body)))

    def do() -> Case:
        made = consequences.hear(
            row, uphold=c["answer"] == "yes", law=c["law"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
        )
        return _now(made)

    return once(request, do)


# -- what nobody has a name for yet


@operation(router, "GET", "/violations/{int:id}", act="violations.see", scope="read:violations", page="violation-unnamed",
           response=Case)  # fmt: skip
def read_any_violation(request: Call, id: int) -> Case:
    """Read any case, also one without a named person."""
    require(request, "violations.see")
    return case(get_object_or_404(Violation.objects.select_related("person", "department", "agency", "decider"), pk=id))


@operation(router, "POST", "/violations/{int:id}/name", act="violation.name", scope="write:decisions", page="violation-name",
           response=Case)  # fmt: skip
def name_violation(request: Call, id: int, body: Named) -> Case:
    """Name the sender of the message; the case then belongs to the department."""
    require(request, "violation.name")
    row = get_object_or_404(Violation, pk=id)
    c = request_bodies.checked(typed.Name(request_bodies.plain(body)))

    def do() -> Case:
        return _now(
            violation_reports.name(
                row, c["person"], c["clause"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)
            )
        )

    return once(request, do)


# -- bars


@operation(router, "GET", "/bars", act="violations.see", scope="read:violations", page="bars", response=list[BarLine])
def list_bars(request: Call, response: HttpResponse) -> list[BarLine]:
    """List bars and pending bars, newest first."""
    require(request, "violations.see")
    return pagination.rows(request, response, _bars(), _bar, by="-pk")


@operation(router, "GET", BAR, act="violations.see", scope="read:violations", page="bar", response=BarLine)
def read_bar(request: Call, id: int) -> BarLine:
    """Read a bar, and the request to end it."""
    require(request, "violations.see")
    return _bar(get_object_or_404(_bars(), pk=id))


@operation(router, "POST", f"{BAR}/ask-end", act="bar.ask-end", scope="write:decisions", page="bar", response=BarLine)
def ask_bar_end(request: Call, id: int, body: EndBar) -> BarLine:
    """Request the end of a permanent bar, by law; another officer decides."""
    row = _bar_for(request, id, "bar.ask-end")
    c = request_bodies.checked(End(request_bodies.plain(body)))

    def do() -> BarLine:
        barring.ask_end(row, c["law"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        return _bar(_bars().get(pk=id))

    return once(request, do)


@operation(router, "POST", f"{BAR}/answer-end", act="bar.end", scope="write:decisions", page="bar", response=BarLine)
def answer_bar_end(request: Call, id: int, body: AnswerBar) -> BarLine:
    """Decide, as another officer, whether a permanent bar ends."""
    row = _bar_for(request, id, "bar.end")
    if row.asker is None:
        raise Conflict("Nobody asks that this bar ends.")
    c = request_bodies.checked(typed.YesOrNo("yes", "no", request_bodies.plain(body)))

    def do() -> BarLine:
        yes = c["answer"] == "yes"
        barring.answer_end(row, yes=yes, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        return _bar(_bars().get(pk=id))

    return once(request, do)


def _bars() -> QuerySet[Bar]:
    return Bar.objects.select_related("person", "first", "second", "asker", "ender")


def _bar_for(request: Call, id_: int, act: str) -> Bar:
    require(request, "violations.see")
    row = get_object_or_404(_bars(), pk=id_)
    require(request, act, barring.about_end(row))
    return row


def _bar(b: Bar) -> BarLine:
    plain: dict[str, Any] = {name: getattr(b, name) for name in ("kind", "since", "until", "ended", "origin", "reason")}
    return BarLine(
        id=b.pk, person=who(b.person), first=maybe(b.first), second=maybe(b.second), asker=maybe(b.asker), law=b.law, **plain
    )
