"""Use findings: reviewers' answers, and the report to a department (P-07, P-10 to P-13).

A program gets what the page shows: a pseudonym and evidence, and no name before two reviewers agree.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.pages.city_request import require
from civicmail.desk.holding import findings
from civicmail.desk.holding.acts.findings import ANSWER_FINDING, HAND_OVER_FINDING, SECOND_FINDING
from civicmail.desk.holding.lists.findings import STATES
from civicmail.desk.holding.models import Finding
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations.violations import Reported
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, shown_as

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
    state: Annotated[str, shown_as(STATES)]
    seen: list[SeenThere]
    others: int


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


def _finding(f: Finding) -> FindingLine:
    seen = [SeenThere(kind=kind, phrase=phrase, places=count) for kind, phrase, count in findings.evidence_counts(f)]
    return FindingLine(
        id=f.pk, message=uuid.UUID(f.capture), received=f.received, rule=f.rule, clause=f.clause,
        who=f.person.display if f.person else f.pseudonym, person=maybe(f.person), copies=f.copies, state=f.state, seen=seen,
        others=findings.count_same_person(f),
    )  # fmt: skip


for act in (ANSWER_FINDING, SECOND_FINDING):
    act_operation(router, act, FindingLine, _finding)
act_operation(router, HAND_OVER_FINDING, Reported, lambda violation: Reported(id=violation.pk))
