"""Statistics of requests for records, for the desk and for everybody, each number with its query; and the same as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.evidence_file import table
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.wording import translate
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.records.queries import statistics
from civicmail.desk.records.queries.statistics import HIDDEN, MIN, Figure
from civicmail.desk.records.states import OUTCOMES

FRESH = timedelta(seconds=60)
"""For which everybody gets the same numbers, so that nobody keeps the database busy."""
INTAKE: Mapping[str, Sentence] = {
    "web": _("Web page"),
    "mail": _("Mail"),
    "counter": _("Counter or telephone"),
    "message": _("Message of an employee"),
    "approval": _("File approval"),
    "queue": _("Mailbox rule"),
}
HEAD = ("key", "title", "row", "value", "unit", "definition", "query")


@acting("records.see")
def page(request: CityRequest) -> HttpResponse:
    """The numbers, none hidden."""
    require(request, "records.see")
    file = Action("Download as CSV", reverse("records-statistics-file"))
    head = Page("Statistics", "Records", actions=[file])
    return _shown(request, head, statistics.figures(request.now, public=False), is_public=False)


@acting("records.see")
def file(request: CityRequest) -> HttpResponse:
    """The numbers as CSV."""
    require(request, "records.see")
    return _file(statistics.figures(request.now, public=False))


@never_cache
def public_page(request: CityRequest) -> HttpResponse:
    """The numbers for everybody: those about few are hidden."""
    crumbs = [(gettext("Public records"), reverse("public-records"))]
    action = Action(gettext("Download as CSV"), reverse("public-statistics-file"))
    head = Page(gettext("Statistics"), gettext("Public records"), crumbs, actions=[action])
    return _shown(request, head, PUBLIC.at(request.now), is_public=True)


@never_cache
def public_file(request: CityRequest) -> HttpResponse:
    """The numbers for everybody as CSV."""
    return _file(PUBLIC.at(request.now))


class PublicFigures:
    """What everybody gets, counted at most FRESH ago."""

    def __init__(self) -> None:
        self._made: tuple[datetime, list[Figure]] | None = None

    def at(self, now: datetime) -> list[Figure]:
        if self._made is None or not timedelta() <= now - self._made[0] < FRESH:
            self._made = now, statistics.figures(now, public=True)
        return self._made[1]

    def forget(self) -> None:
        self._made = None


PUBLIC = PublicFigures()


def plain(made: list[Figure]) -> list[dict[str, Any]]:
    """The numbers for programs."""
    return [
        {
            "key": one.key, "title": translate(one.title), "row": label(one), "unit": one.unit,
            "value": None if one.value is None else str(one.value), "definition": translate(one.definition), "query": one.sql,
        }
        for one in made
    ]  # fmt: skip


def label(one: Figure) -> str:
    """The words of a row."""
    words = INTAKE.get(one.label) if one.key.startswith("intake ") else None
    if words is None and one.key.startswith("outcome ") and one.label in OUTCOMES:
        words = OUTCOMES[one.label][1]
    return translate(words) if words is not None else one.label


def _shown(request: CityRequest, head: Page, made: list[Figure], *, is_public: bool) -> HttpResponse:
    groups: dict[str, list[tuple[Figure, str]]] = {}
    for one in made:
        groups.setdefault(one.sql, []).append((one, label(one)))
    shown = [(translate(rows[0][0].title), translate(rows[0][0].definition), sql, rows) for sql, rows in groups.items()]
    context = {"page": head, "groups": shown, "hidden": HIDDEN, "min": MIN, "is_public": is_public}
    return render(request, "records/statistics.html", context)


def _file(made: list[Figure]) -> HttpResponse:
    with translation.override("en"):
        lines = plain(made)
    response = HttpResponse(table(HEAD, [[line[name] for name in HEAD] for line in lines]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="records-statistics.csv"'
    return response
