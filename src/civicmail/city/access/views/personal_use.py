"""Personal use: what does the department allow, to whom, until when? Nothing, unless the head says so (P-10)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.actions import personal_use
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import PersonalUseRule, ReasonForm
from civicmail.city.access.models import PersonalUse
from civicmail.city.access.queries import tallies
from civicmail.city.access.queries.department_questions import MIN_PEOPLE_FOR_SUMS
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.roster import crumb, department_of
from civicmail.city.directory.models import Department


@acting("personal-use.set")
def rules(request: CityRequest, department: str) -> HttpResponse:
    """What is allowed now, and the form for more."""
    where = department_of(department)
    require(request, "personal-use.set", InDepartment(where.code))
    positions = where.episodes.filter(ended__isnull=True).order_by("position").values_list("position", flat=True).distinct()
    form = PersonalUseRule(list(positions), request.POST or None)
    made = run_verb(form, lambda: _allow(request, where, form)) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        messages.success(request, "Personal use was allowed as written.")
        return redirect("personal-use", department=where.code)
    allowed = PersonalUse.objects.filter(department=where, ended__isnull=True, until__gte=timezone.localdate(request.now))
    page = Page("What personal use is allowed?", where.name, [crumb(where)])
    shown = {"page": page, "form": form, "allowed": allowed.select_related("person", "by").order_by("until")}
    shown |= {"months": tallies.by_month([where], "personal"), "least": MIN_PEOPLE_FOR_SUMS}
    return render(request, "access/personal_use.html", shown, status=status_of(form))


def _allow(request: CityRequest, where: Department, form: PersonalUseRule) -> PersonalUse:
    kind, _, name = form.cleaned_data["whom"].partition(":")
    return personal_use.allow(
        where,
        form.cleaned_data["limits"],
        until=form.cleaned_data["until"],
        position=name if kind == "position" else "",
        person=form.cleaned_data["person"] if kind == "person" else None,
        actor=request.actor,
        now=epoch_ms(request.now),
    )


@acting("personal-use.set")
def end(request: CityRequest, pk: int) -> HttpResponse:
    """It is allowed no longer."""
    row = get_object_or_404(PersonalUse.objects.select_related("department", "person"), pk=pk)
    require(request, "personal-use.set", InDepartment(row.department.code))
    back = reverse("personal-use", args=[row.department.code])
    form = ReasonForm(request.POST or None)
    whom = str(row.person) if row.person else f"everybody in the position {row.position}" if row.position else "everybody"
    return respond_to_form(
        request,
        form,
        lambda: personal_use.end(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page("End this personal use?", row.department.name, [("Personal use", back)]),
        back=back,
        effects=[f"From now on there is no personal use for {whom} by this rule.", row.limits],
        verb="End 1 rule",
        message="This personal use has ended.",
    )
