"""The answers of a reviewer, each with its form; a page warns before what cannot be undone (P-05; R5, R6, R7)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from civicmail.city.conduct.acts import review_answers as acts
from civicmail.city.conduct.acts.review_answers import Question
from civicmail.city.conduct.models import ReviewRow
from civicmail.city.conduct.queries import reviewer_screen
from civicmail.city.conduct.views.reviewer_screen import after
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act
from civicmail.city.pages.city_request import CityRequest, View, acting, me

_WARNINGS = (Unusable, Conflict)
"""What the screen of rows says above them."""


def _page_of(act: Act[Question, Any, Any]) -> View:
    """The page of an answer with its form, followed by the next row. A row that needs no reason is kept with one click."""

    @acting(act.permission)
    def view(request: CityRequest, pk: int) -> HttpResponse:
        question = act_pages.permitted_row(act, request, pk)
        if request.method == "POST" and not act.required(question):
            return act_pages.respond_to_button(request, act, question, lambda: _next(request, question.row), shown=_WARNINGS)
        return act_pages.answer(request, act, question, act.form_page(question), lambda _: _next(request, question.row))

    return view


def _next(request: CityRequest, row: ReviewRow) -> str:
    """The URL of the next row in the order of the page."""
    now = epoch_ms(request.now)
    review, department = row.review, row.part.department
    parts = reviewer_screen.visible(review, department, me(request), now, all_=False)
    if not parts:
        return "/"
    lines = [line.row.pk for line in reviewer_screen.screen(review, department, me(request), parts, now).lines]
    behind = request.GET.get("next", "") or request.POST.get("next", "")
    row_id = next((pk for pk in lines if str(pk) == behind), lines[0] if lines else None)
    return after(department.code, review.pk, row_id)


@acting(acts.TAKE_ANSWER_BACK.permission)
@require_POST
def undo(request: CityRequest, pk: int) -> HttpResponse:
    """Take a "keep" back, until it is carried out."""
    question = act_pages.permitted_row(acts.TAKE_ANSWER_BACK, request, pk)
    row = question.row
    screen = after(row.part.department.code, row.review_id, row.pk)
    return act_pages.respond_to_button(request, acts.TAKE_ANSWER_BACK, question, screen, shown=_WARNINGS)


@acting(acts.KEEP_REST.permission)
@require_POST
def rest(request: CityRequest, pk: int) -> HttpResponse:
    """Keep all unremarkable rows together, when nothing else is left."""
    asked = act_pages.permitted_row(acts.KEEP_REST, request, pk)
    screen = after(asked.part.department.code, asked.part.review_id, None)
    return act_pages.respond_to_button(request, acts.KEEP_REST, asked, screen, shown=_WARNINGS)


def _path(act: Act[Any, Any, Any], view: View) -> URLPattern:
    assert act.page is not None, act.name
    return path(act.page.route, view, name=act.page.name)


paths: list[URLPattern] = [
    *(_path(act, _page_of(act)) for act in acts.WITH_FORM),
    _path(acts.TAKE_ANSWER_BACK, undo),
    _path(acts.KEEP_REST, rest),
    *act_pages.paths([acts.ANSWER_ALIKE, acts.LET_STAND_IN]),
]
