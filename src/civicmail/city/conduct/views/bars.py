"""Pages of bars: list them, and end a permanent one, which takes two officers (V3; P-30)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actions import barring
from civicmail.city.access.bars import KINDS
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.models import Bar
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.resources import PersonCase
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.views.violation_forms import YesOrNo

ROLES = {"permanent": "stop", "suspension": "lock", "restriction": "warn", "re-entry": "plain"}


class End(forms.Form):
    """By a law, and only as a question to another officer."""

    law = forms.CharField(label="By which law or order?", max_length=300)
    reason = text_field("Why?", "At least 20 characters. It is kept for ever.", min_length=20, rows=4)


@acting("violations.see")
def bars(request: CityRequest) -> HttpResponseBase:
    """Bars in force, and ended ones; a permanent bar follows the person under every name."""
    require(request, "violations.see")

    def lives(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        living = Q(ended__isnull=True) & (Q(until__isnull=True) | Q(until__gt=request.now))
        return rows.filter(living) if value == "now" else rows.exclude(living)

    table = listing.from_query(
        request,
        Bar.objects.all(),
        caption="Bars after violations",
        columns=[
            Column("person", "Person", _person, ("person__family",)),
            Column("kind", "What", lambda b: Cell(KINDS[b.kind].name, role=ROLES[b.kind]), ("kind",)),
            Column("since", "Since", lambda b: b.since, ("since",), name="since"),
            Column("until", "Until", lambda b: b.until and last_day(b.until), ("until",), name="until"),
            Column("ended", "Ended", lambda b: b.ended, ("ended",), name="ended"),
        ],
        filters=[
            Filter("kind", "What", lambda rows, value: rows.filter(kind=value), [(k, m.name) for k, m in KINDS.items()]),
            Filter("lives", "In force", lives, [("now", "now"), ("over", "not any more")]),
        ],
        empty="Nobody is barred.",
        noun="bars",
        sort="-since",
        slim=lambda rows: rows.select_related("person"),
    )  # fmt: skip
    page = Page("Who may not use mail?", "Violations", [("Violations", reverse("violations"))])
    return listing.render_list(request, "access/list.html", table, {"page": page})


def _person(b: Bar) -> Cell:
    return Cell(str(b.person), reverse("bar", args=[b.pk]), hint=b.person.uid)


@acting("violations.see")
def bar(request: CityRequest, pk: int) -> HttpResponse:
    """One bar. A permanent one is ended by two officers citing a law, never by one button."""
    require(request, "violations.see")
    row = get_object_or_404(Bar.objects.select_related("person", "first", "second", "asker", "ender"), pk=pk)
    about = barring.about_end(row)
    now = epoch_ms(request.now)
    lives = row.kind == "permanent" and row.ended is None
    asking = lives and row.asker is None and bool(may(request, "bar.ask-end", about))
    answering = lives and row.asker is not None and bool(may(request, "bar.end", about))
    form: forms.Form = (
        End(request.POST or None) if row.asker is None else YesOrNo("Yes: it ends", "No: it stays", request.POST or None)
    )
    if request.method == "POST":
        require(request, "bar.ask-end" if row.asker is None else "bar.end", about)

    def verb() -> Bar:
        c = form.cleaned_data
        if row.asker is None:
            return barring.ask_end(row, c["law"], actor=request.actor, reason=c["reason"], now=now)
        return barring.answer_end(row, yes=c["answer"] == "yes", actor=request.actor, reason=c["reason"], now=now)

    return respond_to_form(
        request,
        form,
        verb,
        page=_page(row, about),
        back=reverse("bars"),
        template="conduct/bar.html",
        bar=row,
        lives=lives,
        says=KINDS[row.kind].description,
        asking=asking,
        answering=answering,
        message="Another officer answers now." if row.asker is None else "Your answer is recorded.",
        to=reverse("bar", args=[row.pk]),
    )


def _page(row: Bar, about: PersonCase) -> Page:
    facts: list[tuple[str, Any]] = [("Person", row.person.uid), ("Since", row.since)]
    if row.until is not None:
        facts.append(("Until", last_day(row.until)))
    facts.append(("Department", about.department or "none"))
    state = ("quiet", "Ended") if row.ended is not None else (ROLES[row.kind], KINDS[row.kind].name)
    return Page(f"May {row.person} use mail?", "Bars", [("Bars", reverse("bars"))], state, facts)
