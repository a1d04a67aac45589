"""Failure policy: what happens when a check is unavailable, by part and direction ("/policy/fail-matrix/")."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import labels
from civicmail.city.policy import active_rules
from civicmail.city.policy import drill as drills
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.failure_policy import HARM_PARTS, PART_LABELS, PARTS
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.errors import LaterError
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.views.rules import LIST
from civicmail.desk.viewer.queries import store

CELLS = labels(later="deferred", hold="held", pending="checking", **{"deliver-again": "delivered"})
"""Cell -> state of the mail."""
MEANS = {
    "later": "Whoever sends it is asked to come again (451); nothing is kept here.",
    "hold": "It is kept until a person looks.",
    "pending": "It is kept and checked again for ten minutes; then it is held.",
    "deliver-again": "It is delivered with a mark that says so, and checked again.",
}


WAYS = {"inbound": "From outside", "internal": "Inside the city", "outbound": "To the outside"}


@acting("matrix.see")
def fail_matrix(request: CityRequest) -> HttpResponse:
    """No cell refuses for good and none delivers as if nothing were missing: such a matrix cannot be written."""
    require(request, "matrix.see")
    row = Version.objects.filter(rule=rule_text.MATRIX, state="active").first()
    matrix = rule_text.matrix(row.text) if row is not None else active_rules.starter_pack().matrix
    rows = []
    for part in PARTS:
        matrix_row = matrix.row(part)
        cells = [CELLS[cell] for cell in (matrix_row.inbound, matrix_row.internal, matrix_row.outbound)]
        rows.append((part, PART_LABELS[part], part in HARM_PARTS, part not in matrix.rows, cells))
    facts = [("Version", row.number)] if row is not None else []
    actions = []
    if row is not None and may(request, "rules.see"):
        actions.append(Action("Versions", reverse("rule", args=[rule_text.MATRIX])))
    if row is not None and may(request, "rule.write"):
        actions.append(Action("Write another version", reverse("rule-edit", args=[rule_text.MATRIX])))
    crumbs = [LIST] if may(request, "rules.see") else []
    page = Page("Failure policy", "Mail rules", crumbs, facts=facts, actions=actions)
    words = [(CELLS[cell], MEANS[cell]) for cell in CELLS]
    return render(request, "oversight/matrix.html", {"page": page, "rows": rows, "words": words})


@acting("matrix.see")
def drill(request: CityRequest, part: str) -> HttpResponse:
    """What would happen to plain mail if this part failed now, by the book that acts. It stops nothing."""
    require(request, "matrix.see")
    if part not in PARTS:
        raise Http404
    book = _book()
    steps = []
    for step in drills.drill(book, part, epoch_ms(request.now)):
        asking = [(rule, book.rule(rule)) for rule in step.rules]
        steps.append((WAYS[step.direction], step.is_needed, *CELLS[step.cell], MEANS[step.cell], asking))
    trail = [("Failure policy", reverse("fail-matrix"))]
    page = Page(f"Failure policy: {part}", "Failure policy", trail, facts=[("Part", PART_LABELS[part])])
    context = {"page": page, "part": part, "steps": steps, "links": bool(may(request, "rules.see"))}
    return render(request, "oversight/drill.html", context)


def _book() -> RuleSet:
    """What doors follow at this moment."""
    try:
        return active_rules.active(store().data)
    except UnusableBook as error:
        raise LaterError(str(error)) from error
