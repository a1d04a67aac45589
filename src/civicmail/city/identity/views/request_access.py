"""Request access for a person: pages of questions, then a review of the answers, also on a phone (pages, "/access/requests/new").

The form contains all answers, so that Back, a second window and a lost connection lose nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.acts.access_reasons import FourReasons
from civicmail.city.identity.acts.access_requests import ASK_ACCESS, AddressUntil
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import bars, menu_counts
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page


@acting("request.ask")
def new(request: CityRequest) -> HttpResponseBase:
    """Ask for the person, the reasons and the end, then show all answers for review."""
    uid = request.GET.get("person", "")
    if not uid:
        return _whom(request)
    who = Person.objects.filter(uid=uid).first()
    if who is None:
        return _whom(request)
    require(request, "request.ask", about_person(who))
    if (bar := bars.blocked_people([who.pk], epoch_ms(request.now)).get(who.pk)) is not None:  # before anybody writes four reasons
        page = Page(f"{who} gets no mail", "Request access", [("Request access", reverse("request-new"))])
        shown = {"page": page, "bar": bar, "barred": bars.sentence_of(bar)}
        return render(request, "identity/barred.html", shown)
    return _questions(request, who)


def _whom(request: CityRequest) -> HttpResponseBase:
    """People for whom this person may request access and who have none."""

    def words(rows: Any, value: str) -> Any:
        for word in value.split()[:5]:
            rows = rows.filter(Q(person__display__icontains=word) | Q(person__uid__icontains=word) | Q(position__icontains=word))
        return rows

    codes = menu_counts.decided_departments(request.actor)
    mine = Q(person__uid__in=request.actor.supervises) | Q(department__code__in=codes)
    has = Exists(Authorization.objects.filter(person=OuterRef("person"), role="holder", state__in=LIVING))
    rows = Episode.objects.filter(ended__isnull=True).exclude(person__uid=request.actor.uid).filter(~has)
    if not request.actor.holds("access-officer"):
        rows = rows.filter(mine)
    table = listing.from_query(
        request,
        rows,
        caption="People without access",
        columns=[
            Column("name", "Name", _pick, ("person__family", "person__given")),
            Column("position", "Position", lambda e: e.position, ("position",)),
            Column("department", "Department", lambda e: str(e.department), ("department__name",)),
        ],
        filters=[Filter("q", "Name or number", words)],
        empty="Nobody for whom you may ask is without access. New staff appear after the next personnel feed.",
        sort="name",
        slim=lambda q: q.select_related("person", "department"),
    )
    page = Page("Request access", "Request access")
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _pick(e: Episode) -> Cell:
    return Cell(str(e.person), f"{reverse('request-new')}?person={e.person.uid}", hint=e.person.uid)


ReasonsStep, UntilStep = act_pages.form_class(FourReasons), act_pages.form_class(AddressUntil)
STEPS = ("why", "until", "check")


def _questions(request: CityRequest, who: Person) -> HttpResponse:
    """The questions of a step. POST names the step that was answered (`from`), and the step to go to (`go`) when an answer is
    changed."""
    data = request.POST if request.method == "POST" else None
    why, until = ReasonsStep(data), UntilStep(data, initial={"until": timezone.localdate(request.now) + timedelta(days=364)})
    if data is None:
        return _shown(request, who, "why", ReasonsStep(), until)
    answered = data.get("from", "why")
    if data.get("go") in STEPS:
        return _shown(request, who, data["go"], ReasonsStep(initial=_kept(data)), UntilStep(initial=_kept(data)))
    if answered == "why":
        if why.is_valid():
            again = UntilStep(initial={**until.initial, **{k: v for k, v in _kept(data).items() if v}})
            return _shown(request, who, "until", ReasonsStep(initial=_kept(data)), again)
        return _shown(request, who, "why", why, until)
    if not why.is_valid():
        return _shown(request, who, "why", why, until)
    if not until.is_valid():
        return _shown(request, who, "until", ReasonsStep(initial=_kept(data)), until)
    if answered == "until":
        return _shown(request, who, "check", ReasonsStep(initial=_kept(data)), UntilStep(initial=_kept(data)))
    return _send(request, who, until)


def _kept(data: Any) -> dict[str, str]:
    names = [*ReasonsStep.base_fields, *UntilStep.base_fields]
    return {name: data.get(name, "") for name in names}


def _send(request: CityRequest, who: Person, until: forms.Form) -> HttpResponse:
    form = act_pages.form_of(ASK_ACCESS, who, request.actor, request.POST)
    assert form.is_valid(), "its parts were"
    made = run_verb(until, lambda: act_pages.carry_out(ASK_ACCESS, who, form, request.actor, epoch_ms(request.now)))
    if made is None:
        return _shown(request, who, "until", ReasonsStep(initial=_kept(request.POST)), until)
    messages.success(request, ASK_ACCESS.message(who, made))
    return redirect("request", pk=made.pk)


def _shown(request: CityRequest, who: Person, step: str, why: forms.Form, until: forms.Form) -> HttpResponse:
    heads = {
        "why": f"Why does {who} need mail?",
        "until": "End and address",
        "check": "Check your answers before you send them",
    }
    form = {"why": why, "until": until}.get(step)
    hidden = [(n, v) for n, v in _kept(request.POST).items() if form is None or n not in form.fields]
    rows = [
        (f.label, request.POST.get(n, ""), s)
        for s, c in (("why", ReasonsStep), ("until", UntilStep))
        for n, f in c.base_fields.items()
    ]
    page = Page(heads[step], "Request access", [("Request access", reverse("request-new"))])
    shown = {"page": page, "who": who, "step": step, "form": form, "hidden": hidden, "rows": rows}
    shown["likenesses"] = [likeness.unnamed for likeness in bars.likenesses_of(who)]
    return render(request, "identity/asking.html", shown, status=status_of(form) if form is not None else 200)
