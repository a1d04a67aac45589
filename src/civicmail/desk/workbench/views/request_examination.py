"""Request an examination: one form, a page to check the answers, then a second person (E2, E3); and change one (E5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.mandates import GROUNDS
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.actions import mandate_amendments, urgent_mandates
from civicmail.city.identity.actions import mandates as verbs
from civicmail.city.pages.city_request import CityRequest, acting, require_could
from civicmail.city.pages.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import day
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
    ways = [
        w
        for w in examination_grounds.available_rules(request.actor, now)
        if stepped_up is None or w.role in examination_grounds.URGENT
    ]
    go = request.POST.get("go", "")
    form = RequestForm(request.POST or None, actor=request.actor, ways=ways, departments=queries.choosable(request.actor))
    checked = request.method == "POST" and form.is_valid()
    if checked and go == "send":
        made = run_verb(form, lambda: _send(request, form, stepped_up, now))
        if made is not None:
            messages.success(request, _sent(made))
            return redirect("mandate", number=made.number)
        checked = False
    if checked and go == "check" and not (refused := _why_not(request, form, now)):
        return _shown(request, form, stepped_up, "check")
    if checked and go == "check":
        form.add_error(None, refused)
    return _shown(request, form, stepped_up, "form")


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
        return f"Mandate {row.number} is in force for four hours. A second person answers by the end of the next working day."
    return f"Mandate {row.number} was asked for. It can be used when a second person has said yes."


def _why_not(request: CityRequest, form: RequestForm, now: int) -> str:
    """The reason why the verb would refuse, shown before the answers are checked."""
    ground, role = form.way_of()
    request_scope = form.scope()
    department = Department.objects.filter(code=request_scope.department).first() if request_scope.department else None
    if bool(request_scope.people) == bool(request_scope.department):
        return "Name people, or one department."
    codes = verbs.codes_of(list(Person.objects.filter(uid__in=request_scope.people)), department)
    return examination_grounds.why_refused(request.actor, ground, role, codes, now)


def _shown(request: CityRequest, form: RequestForm, stepped_up: datetime | None, step: str) -> HttpResponse:
    heads = {"form": "Request an examination", "check": "Check your answers before you send them"}
    if stepped_up is not None:
        heads["form"] = "Look at once, and answer for it"
    page = Page(heads[step], "Request an examination", [examination.LIST])
    fast = stepped_up is None and any(
        w.role in examination_grounds.URGENT for w in examination_grounds.available_rules(request.actor, epoch_ms(request.now))
    )
    shown: dict[str, Any] = {"page": page, "form": form, "step": step, "urgent": stepped_up is not None, "may_be_urgent": fast}
    if step == "check":
        shown |= _answers(request, form)
    return render(request, "workbench/asking.html", shown, status=status_of(form))


def _answers(request: CityRequest, form: RequestForm) -> dict[str, Any]:
    """The answers for review; people are counted and named, mail is neither."""
    ground, role = form.way_of()
    request_scope = form.scope()
    department = Department.objects.filter(code=request_scope.department).first()
    people = queries.everybody(department) if department else list(Person.objects.filter(uid__in=request_scope.people))
    c = form.cleaned_data
    rows = [
        ("Ground", f"{GROUNDS[ground]}, as {examination_grounds.role_name(role).lower()}", "way"),  # type: ignore[index]  # one of the choices
        ("Mail of", _people(people, department), "people"),
        ("Received", _span(c["first"], c["last"]), "first"),
        ("Words", request_scope.words or "Any", "words"),
        ("For", f"{request_scope.days} day{'' if request_scope.days == 1 else 's'}", "days"),
        ("Why", request_scope.reason, "reason"),
        ("Sealed", "Yes" if c["sealed"] else "No", "sealed"),
    ]
    hidden = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
    return {"rows": rows, "hidden": hidden, "count": len(people)}


def _people(people: list[Person], department: Department | None) -> str:
    count = f"{len(people):,} {'person' if len(people) == 1 else 'people'}"
    if department:
        return f"{department}: {count}, and the mailboxes of the department"
    return f"{count}: {', '.join(f'{p.display} ({p.uid})' for p in people)}"


def _span(first: Any, last: Any) -> str:
    if not first and not last:
        return "Whenever"
    return f"{'from ' + day(first) if first else ''} {'until ' + day(last) if last else ''}".strip()


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
