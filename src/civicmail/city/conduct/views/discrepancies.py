"""Pages of discrepancies between access, use and the personnel list, each with what to do (P-05, P-08)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse

from civicmail.city.conduct.queries import discrepancies
from civicmail.city.conduct.queries.discrepancies import KINDS, Discrepancy
from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page


@acting("roster.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """Discrepancies of one department."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    crumbs = [(f"{where.name}: people", reverse("people", args=[where.code]))]
    page = Page("Discrepancies", where.name, crumbs)
    return _shown(
        request, page, discrepancies.find_discrepancies([where.code], epoch_ms(request.now), feed=False), {where.code: where.name}
    )


@acting("reconcile.see")
def everywhere(request: CityRequest) -> HttpResponseBase:
    """Discrepancies of the whole city, with those of a pending personnel list."""
    require(request, "reconcile.see")
    names = dict(Department.objects.order_by("name").values_list("code", "name"))
    return _shown(
        request,
        Page("Discrepancies", "Access office"),
        discrepancies.find_discrepancies(names, epoch_ms(request.now), feed=True),
        names,
    )


def _shown(request: CityRequest, page: Page, lines: list[Discrepancy], names: dict[str, str]) -> HttpResponseBase:
    kind = request.GET.get("kind", "")
    counts = discrepancies.count_by_kind(lines)
    rows = [{"pk": n, "line": line} for n, line in enumerate(lines) if kind not in KINDS or line.kind == kind]
    table = listing.from_rows(
        request,
        rows,
        caption="Discrepancies",
        columns=_columns(names, feeds=bool(may(request, "feed.run"))),
        empty="Everything fits: nobody left unconfirmed, nothing unused, and the personnel list says nothing else.",
        noun="lines",
        keep=("kind",),
    )
    shown: dict[str, Any] = {
        "page": page,
        "kinds": [(key, KINDS[key], n, key == kind) for key, n in counts.items()],
        "everything": kind not in KINDS,
        "total": len(lines),
    }
    return listing.render_list(request, "conduct/reconcile.html", table, shown)


def _columns(names: dict[str, str], *, feeds: bool) -> list[Column]:
    """feeds: whether the viewer may open feed runs."""

    def where(line: Discrepancy) -> str:
        return reverse(line.route, args=line.args) if feeds or line.route != "feed" else ""

    columns = [
        Column("who", "Who", lambda r: Cell(r["line"].who, hint=r["line"].hint)),
        Column("kind", "What", lambda r: Cell(KINDS[r["line"].kind], role=r["line"].role)),
        Column("since", "Since", lambda r: r["line"].since, name="since"),
        Column("act", "What to do", lambda r: Cell(r["line"].act, where(r["line"]))),
    ]
    if len(names) > 1:
        columns.insert(2, Column("where", "Department", lambda r: names.get(r["line"].where, ""), name="department"))
    return columns
