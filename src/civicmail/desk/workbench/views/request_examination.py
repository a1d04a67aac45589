"""Request an examination with one form, which a second person answers (E2, E3); and change one (E5)."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.actions import mandate_amendments, urgent_mandates
from civicmail.city.identity.actions import mandates as verbs
from civicmail.city.pages.city_request import CityRequest, acting, require_could
from civicmail.city.pages.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Page
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.forms import RequestForm, Scope
from civicmail.desk.workbench.views import examination


@acting("mandate.ask")
def new(request: CityRequest) -> HttpResponse:
    """Ask; a second person answers."""
    return _ask(request, None)


@acting("mandate.ask")
def urgent_request(request: CityRequest, stepped_up: datetime) -> HttpResponse:
    """An urgent one, in force before a second person answers (E4). stepped_up: when the asker last proved who it is."""
    return _ask(request, stepped_up)


def _ask(request: CityRequest, stepped_up: datetime | None) -> HttpResponse:
    require_could(request, "mandate.ask")
    now = epoch_ms(request.now)
    available = examination_grounds.available_rules(request.actor, now)
    fast = [rule for rule in available if rule.role in examination_grounds.URGENT]
    ways = available if stepped_up is None else fast
    form = RequestForm(request.POST or None, actor=request.actor, ways=ways, departments=queries.choosable(request.actor))
    if request.method == "POST" and form.is_valid():
        if refusal := _why_not(request, form, now):
            form.add_error(None, refusal)
        elif (made := run_verb(form, lambda: _send(request, form, stepped_up, now))) is not None:
            messages.success(request, _sent(made))
            return redirect("mandate", number=made.number)
    title = "Request an examination" if stepped_up is None else "Look at once, and answer for it"
    page = Page(title, "Request an examination", [examination.LIST])
    shown = {"page": page, "form": form, "urgent": stepped_up is not None, "may_be_urgent": bool(fast)}
    return render(request, "workbench/asking.html", shown, status=status_of(form))


def _send(request: CityRequest, form: RequestForm, stepped_up: datetime | None, now: int) -> Row:
    ground, role = form.way_of()
    sealed = form.cleaned_data["sealed"]
    if stepped_up is None:
        return verbs.ask(ground, role, form.scope(), actor=request.actor, now=now, sealed=sealed)
    return urgent_mandates.ask_urgent(
        ground, role, form.scope(), stepped_up=stepped_up, actor=request.actor, now=now, sealed=sealed
    )


def _sent(row: Row) -> str:
    if row.state == "urgent":
        return f"Examination {row.number} is in force for four hours. A second person decides by the end of the next working day."
    return f"Examination {row.number} was requested. You can search when a second person has approved it."


def _why_not(request: CityRequest, form: RequestForm, now: int) -> str:
    """The reason why the verb would refuse, for the form, so that nothing that was typed is lost."""
    ground, role = form.way_of()
    request_scope = form.scope()
    department = Department.objects.filter(code=request_scope.department).first() if request_scope.department else None
    if bool(request_scope.people) == bool(request_scope.department):
        return "Name people, or one department."
    codes = verbs.codes_of(list(Person.objects.filter(uid__in=request_scope.people)), department)
    return examination_grounds.why_refused(request.actor, ground, role, codes, now)


@acting("mandate.ask")
def amend(request: CityRequest, number: str) -> HttpResponse:
    """Another scope or a longer time: narrower at once, wider with a second person's yes (E5)."""
    row, mandate = examination.looking(request, number)
    scope = mandate.scope
    initial = {
        "people": "\n".join(scope.people) if row.department is None else "",
        "department": row.department.code if row.department else "",
        "first": timezone.localdate(from_ms(scope.since)) if scope.since is not None else None,
        "last": timezone.localdate(from_ms(scope.until)) if scope.until is not None else None,
        "words": scope.words,
        "days": row.days,
    }
    departments = [row.department] if row.department else []
    form = Scope(request.POST or None, actor=request.actor, initial=initial, departments=departments)
    return respond_to_form(
        request,
        form,
        lambda: mandate_amendments.amend(row, form.scope(), actor=request.actor, now=epoch_ms(request.now)),
        page=examination.page(row, "Change what may be looked at"),
        back=reverse("mandate", args=[number]),
        message=lambda a: (
            "A second person decides about the change." if a.state == "asked" else "The mandate is narrower from this moment on."
        ),
        template=FORM_TEMPLATE,
        submit="Change this mandate",
        note="What makes it wider waits for a second person; until then it stays as it is. What makes it narrower counts at once.",
    )
