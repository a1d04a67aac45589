"""Use findings: the queue of use reviewers, and the answers to one finding ("/holding/findings/")."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.conduct.queries import violations
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, could, may, require
from civicmail.desk.holding import findings, queries
from civicmail.desk.holding.actions import review_findings
from civicmail.desk.holding.acts.findings import ANSWER_FINDING, HAND_OVER_FINDING, SECOND_FINDING
from civicmail.desk.holding.lists.findings import STATES
from civicmail.desk.holding.models import Finding


@acting("finding.answer")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show the rule, the evidence and a pseudonym, with the form for the answer."""
    require(request, "findings.see")
    row = act_pages.row_of(ANSWER_FINDING, pk, actor=request.actor, now=epoch_ms(request.now))
    act, submit = _act_for(request, row)
    violation = violations.of_origin(review_findings.origin_of(row))
    facts: list[tuple[str, Any]] = [
        ("Sent by", str(row.person) if row.person else row.pseudonym),
        ("Sent", row.received),
        ("Copies", row.copies),
        ("Other findings about them", findings.count_same_person(row)),
    ]
    form_page = FormPage(
        title=f"Use finding {row.pk}", section="Use findings",
        crumbs=[("Use findings", reverse("findings"))], state=STATES[row.state],
        facts=facts, back=reverse("findings"), submit=submit, template="holding/finding.html",
        context={
            "row": row, "rule": queries.rule_set().rule(row.rule), "seen": findings.evidence_counts(row), "asks": submit != "",
            "violation": violation, "mandate": bool(could(request, "mandate.ask")),
        },
    )  # fmt: skip
    return act_pages.answer(request, act, row, form_page)


def _act_for(request: CityRequest, row: Finding) -> tuple[Act[Finding, Any, Any], str]:
    """The act that is possible in its state, and the words of the button; "" if this person cannot answer."""
    if row.state == "second" and may(request, SECOND_FINDING.permission, SECOND_FINDING.resource(row, request.actor)):
        return SECOND_FINDING, "Record your answer"
    if row.state == "confirmed":
        return HAND_OVER_FINDING, "Hand over 1 report"
    return ANSWER_FINDING, "Record your answer" if row.state == "open" else ""
