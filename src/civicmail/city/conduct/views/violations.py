"""Lists of violations, and one case (pages, "/dept/<d>/violations/<v>"; P-09, P-30). No text of any message is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.conduct.actions.findings import require_no_part
from civicmail.city.conduct.acts.violation_steps import BY_STEP
from civicmail.city.conduct.consequence_table import OUTCOMES
from civicmail.city.conduct.lists.violations import SOURCES
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import consequence_check, violation_parties
from civicmail.city.conduct.violation_states import COUNTS, FIRST, OPEN, WORDS
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.queries import history
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages.city_request import CityRequest, acting, could, may, or_404, require
from civicmail.city.pages.page import Action, Page

WITH = ("person", "department", "agency", "reporter", "finder", "decider", "second", "hearer", "ending", "bar", "episode__contract")
DECISION = "decision"
LINKS: dict[str, tuple[str, str]] = {
    **{step: (act.link, act.permission) for step, act in BY_STEP.items()},
    DECISION: ("Decide what follows…", "violation.decide"),
}
"""The words of the link to each step, and its permission."""


@acting("violations.see")
def unnamed(request: CityRequest, pk: int) -> HttpResponse:
    """List reports about an unknown person."""
    require(request, "violations.see")
    row = get_object_or_404(Violation.objects.select_related(*WITH), pk=pk)
    crumbs = [("Violations", reverse("violations"))]
    actions = [Action("Say whose it was…", reverse("violation-name", args=[row.pk]), primary=True)]
    shown = actions if row.person is None and may(request, "violation.name") else []
    return _show(request, row, Page(f"Violation {row.pk}", "Violations", crumbs, WORDS[row.state], _facts(row), shown))


def violation_or_404(department: str, pk: int) -> Violation:
    """The violation of this department; 404 elsewhere."""
    where = department_of(department)
    return or_404(Violation.objects.select_related(*WITH).filter(pk=pk, department=where).first())


@acting("violation.see")
def one(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """Show one case from report to appeal, with the steps that are possible now."""
    require(request, "violation.see", InDepartment(department_of(department).code))
    row = violation_or_404(department, pk)
    crumbs = [(f"{row.department}: violations", reverse("dept-violations", args=[department]))]
    can = _doable(request, row)
    main = comes_next(row, [what for what, _ in can], epoch_ms(request.now))
    actions = [Action(label, reverse("violation-do", args=[department, row.pk, what]), primary=what == main) for what, label in can]
    page = Page(f"Violation {row.pk}: {row.person}", str(row.department), crumbs, WORDS[row.state], _facts(row), actions)
    return _show(request, row, page)


def _show(request: CityRequest, row: Violation, page: Page) -> HttpResponse:
    now = epoch_ms(request.now)
    table, (ladder_name, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    before = violation_parties.strikes_before(row, now)
    shown = {
        "page": page,
        "v": row,
        "evidence": row.evidence.select_related("by"),
        "source": SOURCES[row.source],
        "verified": consequence_check.of(row, now),
        "ladder": [(n + 1, step, n == min(before, len(ladder.steps) - 1)) for n, step in enumerate(ladder.steps)],
        "severe": ladder.severe,
        "years": ladder.years,
        "names": OUTCOMES,
        "before": before,
        "proposed": table.proposed(ladder_name, before, severe=row.severe),
        "ground": table.grounds.get(row.ground, row.ground),
        "asks": _procedure_facts(row),
        "part": _part(request, row),
        "mandate": bool(could(request, "mandate.ask")),
        "events": history.timeline(f"violation:{row.pk}", actor=request.actor, now=epoch_ms(request.now)),
    }
    return render(request, "conduct/violation.html", shown)


def doable(row: Violation) -> list[str]:
    """Steps that are possible now, regardless of the actor."""
    named = row.person_id is not None
    possible = {
        "ask": row.state in FIRST and row.respond_by is None and named,
        "response": row.state in FIRST and not row.response and named,
        "evidence": row.state in FIRST,
        "finding": row.state in FIRST and named,
        "reverse": row.state == "recorded",
        "decision": row.state == "confirmed",
        "second": row.state == "proposed",
        "training": row.outcome == "warning" and row.state in COUNTS and row.trained is None,
        "appeal": row.state == "decided",
        "hearing": row.state == "appealed",
    }
    return [what for what, yes in possible.items() if yes]


def comes_next(row: Violation, can: Sequence[str], now: int) -> str:
    """The main step among those that a person may take; none while the response is pending."""
    waits_for_answer = row.respond_by is not None and not row.response and now < epoch_ms(row.respond_by)
    order = ("ask", *(() if waits_for_answer else ("finding",)), "decision", "second", "hearing", "training")
    return next((what for what in order if what in can), "")


_APART = frozenset({"ask", "finding", "reverse", "decision", "second", "hearing"})


def _doable(request: CityRequest, row: Violation) -> list[tuple[str, str]]:
    mine = not _part(request, row)
    about = violation_parties.about_violation(row)
    return [(what, LINKS[what][0]) for what in doable(row) if (mine or what not in _APART) and may(request, LINKS[what][1], about)]


def _part(request: CityRequest, row: Violation) -> str:
    """Why this person, who otherwise could, does not decide here."""
    if row.state not in OPEN or not could(
        request, "violation.find", InDepartment(violation_parties.about_violation(row).department)
    ):
        return ""
    try:
        require_no_part(row, request.actor, epoch_ms(request.now))
    except NotPermitted as error:
        return str(error.args[0])
    return ""


def _facts(row: Violation) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [("Rule", row.clause or "to be named"), ("Reported", row.made)]
    if row.agency is not None:
        facts.append(("Agency", row.agency))
    if row.respond_by is not None and row.state in FIRST:
        facts.append(("Answer by", row.respond_by))
    if row.until is not None:
        facts.append(("Until", row.until))
    return facts


def _procedure_facts(row: Violation) -> list[tuple[str, str]]:
    """The data recorded for the procedure, with labels."""
    labels = {key: label for p in violation_parties.table().procedures for key, label in p.asks}
    names = {p.id: p.name for p in violation_parties.table().procedures}
    return [
        (labels.get(key, "Procedure"), names.get(value, value) if key == "procedure" else value)
        for key, value in row.procedure.items()
    ]
