"""Use findings: reviewers' answers, and the report to a department (P-07, P-10 to P-13).

A program gets what the page shows: a pseudonym and evidence, and no name before two reviewers agree.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.views.city_request import require
from civicmail.desk.holding import findings
from civicmail.desk.holding.actions import review_findings
from civicmail.desk.holding.models import Finding
from civicmail.desk.holding.views import findings as typed
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations.violations import Reported
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe

ONE = "/findings/{int:id}"


class SeenThere(Schema):
    """kind: of words; phrase: as its list calls it; places: in how many."""

    kind: str
    phrase: str
    places: int


class FindingLine(Schema):
    """who: a pseudonym until two reviewers agree, then person; state: open, second, confirmed, nothing, reminded, refused or
    handed; seen: never a word of the message; others: other findings about them."""

    id: int
    message: uuid.UUID
    received: datetime
    rule: str
    clause: str
    who: str
    person: Who | None
    copies: int
    state: str
    seen: list[SeenThere]
    others: int


class First(Schema):
    """answer: nothing, reminded or second; reason: in at least ten characters; state: as it was seen."""

    answer: str
    reason: str
    state: str = "open"


class Second(Schema):
    """answer: yes or no; reason: in at least ten characters; state: as it was seen."""

    answer: str
    reason: str
    state: str = "second"


class Handing(Schema):
    """text: what the department's head reads, in at least twenty characters; state: as it was seen."""

    text: str
    state: str = "confirmed"


@operation(router, "GET", "/findings", act="findings.see", scope="read:holding", page="findings", response=list[FindingLine])
def list_findings(request: Call, response: HttpResponse, state: str = "") -> list[FindingLine]:
    """List use findings, newest first. state: only those."""
    require(request, "findings.see")
    rows = Finding.objects.select_related("person")
    return pagination.rows(request, response, rows.filter(state=state) if state else rows, _finding, by="-pk")


@operation(router, "GET", ONE, act="findings.see", scope="read:holding", page="finding", response=FindingLine)
def read_finding(request: Call, id: int) -> FindingLine:
    """Read a finding and its evidence."""
    require(request, "findings.see")
    return _finding(get_object_or_404(Finding.objects.select_related("person"), pk=id))


@operation(router, "POST", f"{ONE}/answer", act="finding.answer", scope="write:holding", page="finding", response=FindingLine)
def answer_finding(request: Call, id: int, body: First) -> FindingLine:
    """Decide, as first reviewer: nothing, remind the sender, or pass to a second reviewer."""
    require(request, "finding.answer")
    row = _as_seen(request, id, body.state)
    c = request_bodies.checked(typed.FirstReviewForm(request_bodies.plain(body)))

    def do() -> FindingLine:
        return _finding(
            review_findings.answer(row, c["answer"], actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        )

    return once(request, do)


@operation(router, "POST", f"{ONE}/second", act="finding.second", scope="write:holding", page="finding", response=FindingLine)
def second_finding(request: Call, id: int, body: Second) -> FindingLine:
    """Agree or disagree, as second reviewer; only then is the name shown."""
    require(request, "findings.see")
    row = get_object_or_404(Finding.objects.select_related("reviewer", "second", "person"), pk=id)
    require(request, "finding.second", review_findings.second_review_resource(row))
    row = _as_seen(request, id, body.state)
    c = request_bodies.checked(typed.SecondReviewForm(request_bodies.plain(body)))

    def do() -> FindingLine:
        right = c["answer"] == "yes"
        return _finding(
            review_findings.decide_second(row, right=right, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))
        )

    return once(request, do)


@operation(
    router,
    "POST",
    f"{ONE}/hand-over",
    act="finding.hand-over",
    scope="write:holding",
    page="finding",
    response=Reported,
    status=201,
)
def hand_finding_over(request: Call, id: int, body: Handing) -> Reported:
    """Report a confirmed finding to the department, whose head is notified. Returns the case number."""
    require(request, "finding.hand-over")
    row = _as_seen(request, id, body.state)
    text = request_bodies.checked(typed.HandOverForm(request_bodies.plain(body)))["text"]
    return once(
        request, lambda: Reported(id=review_findings.hand_over(row, text, actor=request.actor, now=epoch_ms(request.now)).pk)
    )


def _as_seen(request: Call, id_: int, state: str) -> Finding:
    row = get_object_or_404(Finding.objects.select_related("reviewer", "second", "person"), pk=id_)
    as_seen(request, row.state, state, "This finding has gone on meanwhile; read it again.")
    return row


def _finding(f: Finding) -> FindingLine:
    seen = [SeenThere(kind=kind, phrase=phrase, places=count) for kind, phrase, count in findings.evidence_counts(f)]
    return FindingLine(
        id=f.pk, message=uuid.UUID(f.capture), received=f.received, rule=f.rule, clause=f.clause,
        who=f.person.display if f.person else f.pseudonym, person=maybe(f.person), copies=f.copies, state=f.state, seen=seen,
        others=findings.count_same_person(f),
    )  # fmt: skip
