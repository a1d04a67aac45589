"""Stop an attack at once: by one property, for at most three days, counted before it is saved, ratified afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Action, Page
from civicmail.desk.oversight import emergencies
from civicmail.desk.oversight.actions import emergencies as verbs
from civicmail.desk.oversight.acts.emergencies import COUNT_EMERGENCY, MAKE_EMERGENCY, SECTION, crumbs
from civicmail.desk.oversight.lists.emergencies import state_words
from civicmail.desk.oversight.lists.rules import DONE
from civicmail.desk.oversight.models import Emergency
from civicmail.desk.oversight.queries.rules import history
from civicmail.desk.oversight.rule_sample import Sample
from civicmail.mail.screening.enabled_checks import is_screened


@acting("emergency.make")
def new(request: CityRequest) -> HttpResponse:
    """What is wanted; then how many messages of the last days it would have stopped; then it acts."""
    require(request, "emergency.make")
    actor, now, go = request.actor, epoch_ms(request.now), request.POST.get("go", "")
    if request.method != "POST" or go == "change":
        form = act_pages.form_of(MAKE_EMERGENCY, None, actor, None, request.GET)
        form.initial = {**form.initial, **request.POST.dict()}
        return _form_page(request, form)
    form = act_pages.form_of(MAKE_EMERGENCY, None, actor, request.POST)
    if form.is_valid() and go == "act":
        made = run_verb(form, lambda: act_pages.carry_out(MAKE_EMERGENCY, None, form, actor, now))
        if made is not None:
            return redirect("emergency", pk=made.pk)
    elif form.is_valid():
        counted = run_verb(form, lambda: act_pages.carry_out(COUNT_EMERGENCY, None, form, actor, now))
        if counted is not None:
            return _preview_page(request, form, counted)
    return _form_page(request, form)


@acting("rules.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """One emergency rule, and what may be done with it."""
    require(request, "rules.see")
    row = get_object_or_404(Emergency.objects.select_related("officer", "approver"), pk=pk)
    now = epoch_ms(request.now)
    waits = row.ratified == "due" and row.ended is None and now < epoch_ms(row.ratify_by)
    second = may(request, "emergency.decide", verbs.resource(row))
    actions = []
    if waits and second:
        actions.append(Action("Answer it", reverse("emergency-decide", args=[pk]), primary=True))
    if row.ended is None and (second or (request.actor.uid == row.officer.uid and may(request, "emergency.make"))):
        actions.append(Action("End it…", reverse("emergency-stop", args=[pk])))
    facts: list[tuple[str, Any]] = [
        ("Does", DONE[row.do].lower()),
        ("By", str(row.officer)),
        ("Ends" if row.ended is None else "Ended", row.ended or row.until),
    ]
    page = Page(str(row), SECTION, crumbs(), state_words(row, now), facts, actions)
    shown = {
        "page": page,
        "e": row,
        "kind": emergencies.KINDS[row.kind],
        "waits": waits,
        "events": history(str(row), reads_entries=bool(may(request, "entries.see"))),
    }
    screened = is_screened(settings.CITY.screening)
    shown["condition"] = emergencies.when(row.kind, row.value, screened=screened or row.kind not in emergencies.ENVELOPE)
    return render(request, "oversight/emergency.html", shown)


def _form_page(request: CityRequest, form: forms.Form) -> HttpResponse:
    page = Page("New emergency rule", SECTION, crumbs())
    return render(
        request, "oversight/stopping.html", {"page": page, "form": form, "back": reverse("emergencies")}, status=status_of(form)
    )


def _preview_page(request: CityRequest, form: forms.Form, counted: Sample) -> HttpResponse:
    c = form.cleaned_data
    rows = [
        ("Stopped", f"{emergencies.KINDS[c['kind']].name}: {verbs.stoppable(c['kind'], c['value'], c['do'])}", "value"),
        ("What is done", emergencies.DOS[c["do"]], "do"),
        ("For", f"{c['hours']} hours", "hours"),
        ("Reason", c["reason"], "reason"),
    ]
    page = Page("Start this emergency rule?", SECTION, crumbs())
    hidden = list(c.items())
    shown = {"page": page, "form": form, "counted": counted, "rows": rows, "hidden": hidden, "back": reverse("emergencies")}
    return render(request, "oversight/stopping.html", shown)
