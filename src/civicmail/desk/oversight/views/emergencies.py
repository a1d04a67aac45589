"""Stop an attack at once: by one property, for at most three days, counted before it is saved, ratified afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.desk.oversight import emergencies
from civicmail.desk.oversight.actions import emergencies as verbs
from civicmail.desk.oversight.acts.emergencies import COUNT_EMERGENCY, MAKE_EMERGENCY, SECTION, crumbs
from civicmail.desk.oversight.emergency_count import Counted
from civicmail.desk.oversight.models import Emergency
from civicmail.desk.oversight.queries import emergencies as queries
from civicmail.desk.oversight.queries.rules import history
from civicmail.desk.oversight.views.rules import DONE, LIST
from civicmail.mail.screening.enabled_checks import is_screened


@acting("rules.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first."""
    require(request, "rules.see")
    now = epoch_ms(request.now)
    table = listing.from_query(
        request,
        Emergency.objects.all(),
        caption="Emergency rules",
        columns=[
            Column("rule", "Rule", lambda e: Cell(str(e), reverse("emergency", args=[e.pk])), ("id",)),
            Column("state", "State", lambda e: _state(e, now)),
            Column("what", "Stops", lambda e: Cell(e.value, hint=emergencies.KINDS[e.kind].name, full=True)),
            Column("do", "Does", lambda e: DONE[e.do], name="does"),
            Column("officer", "By", lambda e: str(e.officer), name="by"),
            Column("at", "Since", lambda e: e.at, ("at",), name="since"),
            Column("until", "Until", lambda e: e.ended or e.until, ("until",), name="until"),
        ],
        filters=[Filter("state", "State", lambda rows, v: _filtered(rows, v, now), [("acts", "In force"), ("over", "Ended")])],
        empty="Nothing was ever stopped by an emergency rule.",
        noun="emergency rules",
        sort="-rule",
        slim=lambda rows: rows.select_related("officer"),
    )
    actions = [Action("Stop an attack…", reverse("emergency-new"), primary=True)] if may(request, "emergency.make") else []
    page = Page("What is stopped at once?", SECTION, [LIST], actions=actions)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


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
    page = Page(str(row), SECTION, crumbs(), _state(row, now, cell=False), facts, actions)
    shown = {"page": page, "e": row, "kind": emergencies.KINDS[row.kind], "waits": waits, "events": history(str(row))}
    screened = is_screened(settings.CITY.screening)
    shown["condition"] = emergencies.when(row.kind, row.value, screened=screened or row.kind not in emergencies.ENVELOPE)
    return render(request, "oversight/emergency.html", shown)


def _form_page(request: CityRequest, form: forms.Form) -> HttpResponse:
    page = Page("What has to be stopped now?", SECTION, crumbs())
    return render(
        request, "oversight/stopping.html", {"page": page, "form": form, "back": reverse("emergencies")}, status=status_of(form)
    )


def _preview_page(request: CityRequest, form: forms.Form, counted: Counted) -> HttpResponse:
    c = form.cleaned_data
    rows = [
        ("Stopped", f"{emergencies.KINDS[c['kind']].name}: {verbs.stoppable(c['kind'], c['value'], c['do'])}", "value"),
        ("What is done", emergencies.DOS[c["do"]], "do"),
        ("For", f"{c['hours']} hours", "hours"),
        ("Reason", c["reason"], "reason"),
    ]
    page = Page("Stop this now?", SECTION, crumbs())
    hidden = list(c.items())
    shown = {"page": page, "form": form, "counted": counted, "rows": rows, "hidden": hidden, "back": reverse("emergencies")}
    return render(request, "oversight/stopping.html", shown)


def _state(row: Emergency, now: int, *, cell: bool = True) -> Any:
    if row.ended is not None:
        shown_state = ("stop", "Ended: not ratified") if row.ratified == "overdue" else ("quiet", "Ended")
        shown_state = ("stop", "Ended: found wrong") if row.ratified == "rejected" else shown_state
    elif now >= epoch_ms(row.until):
        shown_state = ("quiet", "Ends now")
    else:
        shown_state = ("done", "In force") if row.ratified == "ratified" else ("warn", "In force, to be ratified")
    return Cell(shown_state[1], role=shown_state[0]) if cell else shown_state


def _filtered(rows: Any, choice: str, now: int) -> Any:
    return queries.in_force(now) if choice == "acts" else rows.filter(ended__isnull=False)
