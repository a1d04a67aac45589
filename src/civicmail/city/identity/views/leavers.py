"""End a person's access: who leaves, when, and what happens to the mail; then each entry point with its time (P-08, L1 to L4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from civicmail.city.identity.acts.endings import END_ACCESS
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting


@acting("access.end")
def leaver(request: CityRequest, department: str) -> HttpResponse:
    """?person=UID; a second time leads to what the first one did."""
    row = act_pages.permitted_row(END_ACCESS, request, department, request.GET.get("person", ""))
    if row.ending is not None:
        return redirect("ending", pk=row.ending.pk)
    return act_pages.answer(request, END_ACCESS, row, END_ACCESS.form_page(row))
