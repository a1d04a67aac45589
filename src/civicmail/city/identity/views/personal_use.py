"""Personal use: what the department permits, to whom, until when; nothing unless the head permits it (P-10)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from civicmail.city.identity.acts.personal_use import ALLOW_PERSONAL_USE
from civicmail.city.identity.models import PersonalUse
from civicmail.city.identity.queries import tallies
from civicmail.city.identity.queries.department_questions import MIN_PEOPLE_FOR_SUMS
from civicmail.city.identity.views.roster import crumb
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting


@acting("personal-use.set")
def rules(request: CityRequest, department: str) -> HttpResponse:
    """Show present permissions, and the form for another."""
    where = act_pages.permitted_row(ALLOW_PERSONAL_USE, request, department)
    allowed = PersonalUse.objects.filter(department=where, ended__isnull=True, until__gte=timezone.localdate(request.now))
    form_page = FormPage(
        title="Personal use", section=where.name, submit="Allow this",
        back=reverse("personal-use", args=[where.code]), crumbs=[crumb(where)], template="identity/personal_use.html",
        context={
            "allowed": allowed.select_related("person", "by").order_by("until"), "months": tallies.by_month([where], "personal"),
            "least": MIN_PEOPLE_FOR_SUMS,
        },
    )  # fmt: skip
    return act_pages.answer(request, ALLOW_PERSONAL_USE, where, form_page)
