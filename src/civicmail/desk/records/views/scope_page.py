"""The scope of a request: what it reaches, counted while the query is written, what would narrow it, and its versions (P-21)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.forms import Form, HiddenInput
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.desk.records import scope_query
from civicmail.desk.records.actions import content
from civicmail.desk.records.acts.scopes import MAX_QUERY, PROPOSE_SCOPE
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import requests
from civicmail.desk.records.states import OPEN, SCOPE
from civicmail.desk.records.views import request_page
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex, NotFinished


@acting("records.see")
def scope(request: CityRequest, number: str) -> HttpResponse:
    """Show what a query reaches, the form that proposes it, and the versions of the scope. A script asks for the counts alone."""
    row = request_page.seen(request, number)
    may_write = bool(may(request, "records.work")) and row.state in OPEN and requests.is_assigned(row, request.actor)
    part = request.headers.get("HX-Request-Type") == "partial"
    versions = list(row.scopes.select_related("by", "confirmed_by"))
    present = next((v for v in versions if v.state == "agreed"), None) or next(iter(versions), None)
    query = request.GET.get("query", "").replace("\0", " ").strip()[: MAX_QUERY + 1]
    form = act_pages.form_of(PROPOSE_SCOPE, row, request.actor, request.POST or None)
    if request.method == "POST":
        act_pages.permitted_row(PROPOSE_SCOPE, request, number)
        query = str(request.POST.get("query", ""))
        if form.is_valid() and (made := _propose(request, row, form)) is not None:
            return redirect(made)
    form.initial = {"query": query, "understood": present.understood if present else ""}
    form.fields["query"].widget = HiddenInput(attrs={"form": "propose"})
    shown = {
        "page": request_page.page(row, "Scope"),
        "sections": request_page.sections(row, "records-scope", request.actor, epoch_ms(request.now)),
        "row": row,
        "form": form,
        "query": query or (present.query if present else ""),
        "may_write": may_write,
        "versions": [(v, *SCOPE[v.state]) for v in versions],
        "holds": row.holds.filter(ended__isnull=True).select_related("scope"),
        "rate": scope_query.REVIEWED_AN_HOUR,
        **(_counted(request, row, query) if may_write and query else {}),
    }
    response = render(request, "records/reach.html" if part else "records/scope.html", shown, status=status_of(form))
    response["Vary"] = "HX-Request-Type"
    return response


def _propose(request: CityRequest, row: Request, form: Form) -> str | None:
    """The next page, or None with the errors in the form."""
    made = run_verb(form, lambda: act_pages.carry_out(PROPOSE_SCOPE, row, form, request.actor, epoch_ms(request.now)))
    if made is None:
        return None
    messages.success(request, PROPOSE_SCOPE.message(row, made))
    return reverse("records-scope", args=[row.number])


def _counted(request: CityRequest, row: Request, query: str) -> dict[str, Any]:
    """Context of the counts: what the query reaches, or why that cannot be told."""
    now = epoch_ms(request.now)
    try:
        scope_query.checked(query, now)
        if request.headers.get("Sec-Fetch-Site") == "cross-site":  # an entry has the person's own words only
            return {}
        permit = content.to_count(row, query, actor=request.actor, now=now)
        reader = store().reader_for(permit.person, whole=True)
        reach = scope_query.reach(reader, query, now, frozenset(settings.CITY.city.domains))
    except (Unusable, NotFinished) as error:
        return {"mistake": str(error)}
    except (NotIndexed, DamagedIndex):
        return {"mistake": "Nothing can be counted at this moment, because the index is not there."}
    return {"reach": reach, "narrower": [(n, urlencode({"query": n.query})) for n in reach.narrower]}
