"""One step of a violation case: a page with its form, its effects, and what stays unchanged (P-30; V1 to V4)."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse

from civicmail.city.conduct.actions import consequences
from civicmail.city.conduct.acts.violation_steps import BY_STEP
from civicmail.city.conduct.consequence_table import OUTCOMES
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views.violation_form import DecisionForm
from civicmail.city.conduct.views.violations import DECISION, doable, violation_or_404
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_response import respond_to_form
from civicmail.city.pages.page import Page


@acting("violation.see")
def do(request: CityRequest, department: str, pk: int, what: str) -> HttpResponse:
    """Perform the step in the URL, for permitted people; a completed step, or one that is not due, is refused."""
    if what == DECISION:
        return _decide(request, department, pk)
    if what not in BY_STEP:
        raise Http404
    act = BY_STEP[what]
    row = act_pages.permitted_row(act, request, department, pk)
    _require_due(request, row, what)
    return act_pages.answer(request, act, row, act.form_page(row, epoch_ms(request.now)))


def _require_due(request: CityRequest, row: Violation, what: str) -> None:
    if what not in doable(row) and request.method != "POST":
        raise Conflict("Not saved: this step is done already, or not due yet.")


def _decide(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """Decide the consequence; the form is made from the city's table."""
    row = violation_or_404(department, pk)
    require(request, "violation.decide", violation_parties.about_violation(row))
    _require_due(request, row, DECISION)
    now, actor = epoch_ms(request.now), request.actor
    table, (_, ladder) = violation_parties.table(), violation_parties.ladder_of(row)
    form = DecisionForm(table, ladder, table.procedures_for(row.kind), request.POST or None)
    proposed = violation_parties.proposed(row, now)
    days = f" for {proposed.days} days" if proposed.days else ""
    effects = (
        f"The table proposes: {OUTCOMES[proposed.outcome].lower()}{days}. You decide, and may depart from it with a reason.",
        "What concerns mail happens at once. To bar somebody for good takes a second officer first.",
        "The person is told, with the ground, and can appeal for 30 days.",
    )
    back = reverse("violation", args=[department, row.pk])
    return respond_to_form(
        request, form, lambda: consequences.decide(row, form.decision(), actor=actor, now=now),
        page=Page(f"Consequences for {row.person}", str(row.department), [(f"Violation {row.pk}", back)]), back=back,
        message="It is decided.", effects=effects, stays=["Nothing else than mail is decided here. No mail is deleted."],
        verb="Decide 1 case", stop=False,
    )  # fmt: skip
