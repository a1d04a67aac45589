"""A second person's decision on an examination, by counts and reasons and never by content (E3, E4, E5); and its seal (E8)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Amendment
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.examination_labels import EXAMINATIONS
from civicmail.city.identity.queries.mandates import subjects_of
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.acts import examinations as acts
from civicmail.desk.workbench.views import examination


@acting("mandate.approve")
def approve(request: CityRequest, number: str) -> HttpResponse:
    """Approve this examination?"""
    row = act_pages.permitted_row(acts.DECIDE_MANDATE, request, number)
    shown = _shown(request, row) | {"open": row.state == "asked"}
    return _decide(request, acts.DECIDE_MANDATE, row, row, "Approve this examination?", shown)


@acting("mandate.ratify")
def ratify(request: CityRequest, number: str) -> HttpResponse:
    """Ratify this urgent examination?"""
    row = act_pages.permitted_row(acts.RATIFY_MANDATE, request, number)
    shown = _shown(request, row) | {"open": row.ratified == "due"}
    return _decide(request, acts.RATIFY_MANDATE, row, row, "Ratify this urgent examination?", shown)


@acting("mandate.approve")
def change(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """Extend this examination?"""
    amendment: Amendment = act_pages.permitted_row(acts.DECIDE_CHANGE, request, number, pk)
    row = amendment.mandate
    shown = _shown(request, row, amendment) | {"open": amendment.state == "asked", "change": amendment}
    return _decide(request, acts.DECIDE_CHANGE, amendment, row, "Extend this examination?", shown)


def _decide(
    request: CityRequest, act: Act[Any, Any, Any], decided: Any, row: Row, title: str, shown: dict[str, Any]
) -> HttpResponse:
    form_page = acts.form_page(
        row, title, "Record decision", back=reverse("mandates"), template="workbench/deciding.html", context=shown
    )
    return act_pages.answer(request, act, decided, form_page)


def _shown(request: CityRequest, row: Row, amendment: Amendment | None = None) -> dict[str, Any]:
    """What a second person goes by: who, why, how broad, whose line, which conflicts."""
    people = list(Person.objects.filter(uid__in=amendment.people)) if amendment else subjects_of(row)
    now = epoch_ms(request.now)
    earlier = Row.objects.filter(person=row.person).exclude(pk=row.pk).exclude(subjects__person__uid=request.actor.uid)  # E1
    first, last = (amendment.first, amendment.last) if amendment else (row.first, row.last)
    return {
        "row": row,
        "reason": amendment.reason if amendment else row.reason,
        "words": amendment.words if amendment else row.words,
        "days": amendment.days if amendment else row.days,
        "first": from_ms(first) if first is not None else None,
        "last": from_ms(last) if last is not None else None,
        "breadth": queries.breadth(row, now, amendment),
        "before": queries.breadth(row, now) if amendment else None,
        "subjects": queries.subjects(people),
        "more": max(0, len(people) - queries.SHOWN),
        "classes": queries.classes(row),
        "conflicts": queries.conflicts(row.person, people),
        "earlier": [(r, EXAMINATIONS[r.state][1].lower()) for r in earlier.order_by("-asked")[:5]],
    }


@acting("mandate.see")
def seal(request: CityRequest, number: str) -> HttpResponse:
    """Who looks seals; a second person unseals."""
    act = acts.UNSEAL_MANDATE if examination.seen(request, number).sealed else acts.SEAL_MANDATE
    row = act_pages.permitted_row(act, request, number)
    return act_pages.answer(request, act, row, act.form_page(row))
