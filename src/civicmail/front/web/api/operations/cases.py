"""Violation cases: responses, findings, decisions, appeals, bars (P-09, P-30; V1 to V4).

Each request names the state that it saw; the verb enforces separation of officers as on the pages. No message text.
"""

from __future__ import annotations

from typing import Annotated

from django.shortcuts import get_object_or_404
from ninja import Field, Schema

from civicmail.city.conduct.actions import consequences
from civicmail.city.conduct.acts.bars import ANSWER_BAR_END, ASK_BAR_END
from civicmail.city.conduct.acts.violation_steps import BY_STEP
from civicmail.city.conduct.acts.violations import NAME_VIOLATION
from civicmail.city.conduct.lists.bars import BARS
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views.violation_form import DecisionForm
from civicmail.city.conduct.views.violations import violation_or_404
from civicmail.city.conduct.violation_states import WORDS
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.models import Bar
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.violations import Case, case
from civicmail.front.web.api.operations.violations import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import shown_as


class CaseDecision(Schema):
    """state: of the case as it was seen; outcome: none, warning, suspension, restriction, ended or permanent; days: of a suspension
    or restriction; ground, procedure: their ids in the city's table; cites: section or article; written: what the procedure asks
    for, by its keys."""

    state: Annotated[str, shown_as(WORDS)]
    outcome: str
    ground: str
    cites: str
    why: str
    procedure: str
    days: int | None = None
    written: dict[str, str] = Field(default_factory=dict)


def _now(row: Violation) -> Case:
    return case(reloaded(row))


def reloaded(row: Violation) -> Violation:
    """As it is after the verb, with what is shown of it."""
    return Violation.objects.select_related("person", "department", "agency", "decider").get(pk=row.pk)


for step in BY_STEP.values():
    act_operation(router, step, Case, _now)


@operation(
    router, "POST", "/departments/{slug:department}/violations/{int:id}/decision", act="violation.decide", scope="write:decisions",
    page="violation-do", response=Case,
)  # fmt: skip
def decide_violation(request: Call, department: str, id: int, body: CaseDecision) -> Case:
    """Decide the consequence, as another person than the finder. A permanent bar needs a second officer."""
    require(request, "violation.see", InDepartment(department_of(department).code))
    row = violation_or_404(department, id)
    require(request, "violation.decide", violation_parties.about_violation(row))
    as_seen(request, row.state, body.state, "This case has gone on meanwhile; read it again.")
    table, (_, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    form = DecisionForm(table, ladder, table.procedures_for(row.kind), {**body.written, **request_bodies.plain(body)})
    request_bodies.checked(form)
    now = epoch_ms(request.now)
    return once(request, lambda: _now(consequences.decide(row, form.decision(), actor=request.actor, now=now)))


# -- what nobody has a name for yet


@operation(router, "GET", "/violations/{int:id}", act="violations.see", scope="read:violations", page="violation-unnamed",
           response=Case)  # fmt: skip
def read_any_violation(request: Call, id: int) -> Case:
    """Read any case, also one without a named person."""
    require(request, "violations.see")
    return case(get_object_or_404(Violation.objects.select_related("person", "department", "agency", "decider"), pk=id))


act_operation(router, NAME_VIOLATION, Case, _now)


# -- bars

BAR_ROW = list_operation(router, BARS)


@operation(router, "GET", "/bars/{int:id}", act="violations.see", scope="read:violations", page="bar", response=BAR_ROW.schema)
def read_bar(request: Call, id: int) -> Schema:
    """Read a bar, and the request to end it."""
    require(request, "violations.see")
    return BAR_ROW(get_object_or_404(BARS.queryset(), pk=id))


def _changed(b: Bar) -> Schema:
    return BAR_ROW(BARS.queryset().get(pk=b.pk))


act_operation(router, ASK_BAR_END, BAR_ROW.schema, _changed)
act_operation(router, ANSWER_BAR_END, BAR_ROW.schema, _changed)
