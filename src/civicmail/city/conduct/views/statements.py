"""Pages of department statements: the head signs that use of e-mail is in order, or names exceptions (P-28)."""

from __future__ import annotations

import csv
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct import half_year, statement_states
from civicmail.city.conduct.actions import statements
from civicmail.city.conduct.acts.statements import SIGN_STATEMENT
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import deciders, statement_sections
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page


@acting("statement.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """All statements of one department, the newest first."""
    where = department_of(department)
    require(request, "statement.see", InDepartment(where.code))
    table = listing.from_query(
        request,
        Statement.objects.filter(department=where),
        caption=f"Statements of {where.name}",
        columns=[Column("half", "Half", _half, ("half",)), *_columns()],
        filters=[_by_state()],
        empty="No statement was asked for yet. The first is opened when the half of this year is over.",
        noun="statements",
        sort="-half",
        slim=lambda rows: rows.select_related("department", "person"),
    )
    up = [(where.name, reverse("people", args=[where.code]))]
    if not may(request, "roster.see", InDepartment(where.code)):
        up = [("Statements", reverse("all-statements"))]
    page = Page("What has the department answered for?", where.name, up)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting("statements.see")
def everywhere(request: CityRequest) -> HttpResponseBase:
    """Statements of all departments, by name, without a ranking."""
    require(request, "statements.see")
    table = listing.from_query(
        request,
        Statement.objects.all(),
        caption="Statements of departments",
        columns=[
            Column("department", "Department", _department, ("department__name", "-half")),
            Column("half", "Half", lambda row: _words(row.half), ("half",), name="half"),
            *_columns(),
        ],
        filters=[Filter("half", "Half", lambda rows, value: rows.filter(half=value), _halves()), _by_state()],
        empty="No statement was opened yet. The first are when the half of this year is over.",
        noun="statements",
        sort="department",
        slim=lambda rows: rows.select_related("department", "person"),
    )
    return listing.render_list(request, "pages/list.html", table, {"page": Page("Which departments have answered?", "Statements")})


def _department(row: Statement) -> Cell:
    return Cell(str(row.department), reverse("statement", args=[row.department.code, row.half]))


def _halves() -> list[tuple[str, str]]:
    """Half-years that have statements, the newest first."""
    return [(half, _words(half)) for half in Statement.objects.order_by("-half").values_list("half", flat=True).distinct()]


def _words(half: str) -> str:
    parsed = half_year.parse(half)
    return parsed.in_words if parsed else half


def _half(row: Statement) -> Cell:
    return Cell(_words(row.half), reverse("statement", args=[row.department.code, row.half]))


def _columns() -> list[Column]:
    return [
        Column("state", "State", lambda row: Cell(_state(row)[1], role=_state(row)[0]), ("state",)),
        Column("due", "Due", lambda row: row.due, ("due",), name="due"),
        Column("signed", "Signed", lambda row: row.signed, ("signed",), name="signed"),
        Column("person", "By", lambda row: str(row.person or ""), name="by"),
    ]


def _by_state() -> Filter:
    def apply(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(overdue__isnull=False, state="open") if value == "overdue" else rows.filter(state=value)

    return Filter(
        "state", "State", apply, [*((key, words[1]) for key, words in statement_states.WORDS.items()), ("overdue", "Overdue")]
    )


def _state(row: Statement) -> tuple[str, str]:
    return ("stop", "Overdue") if row.state == "open" and row.overdue else statement_states.WORDS[row.state]


@acting("statement.see")
def one(request: CityRequest, department: str, half: str) -> HttpResponse:
    """One statement, filled in by the system, with the signature form; as it was signed once it is."""
    row = act_pages.row_of(SIGN_STATEMENT, department, half, actor=request.actor, now=epoch_ms(request.now))
    now, about = epoch_ms(request.now), InDepartment(row.department.code)
    period = half_year.parse(row.half)
    assert period is not None, "its address was read already"
    if request.method == "POST":
        require(request, "statement.sign", about)
    sections = row.numbers if row.state != "open" else statement_sections.sections(row.department, period, now)
    if request.GET.get("format") == "csv":
        return _file(row, sections)
    shown = {
        "row": row, "sections": sections, "sentence": statements.SENTENCE,
        "signs": row.state == "open" and bool(may(request, "statement.sign", about)),
        "divisions": [d.name for d in deciders.with_headless_divisions(row.department)[1:]],
        "asked": deciders.of_department(row.department, now) if row.state == "open" else [],
    }  # fmt: skip
    return act_pages.answer(request, SIGN_STATEMENT, row, _page(row, period, shown))


def _page(row: Statement, period: half_year.Half, shown: dict[str, Any]) -> FormPage:
    facts: list[tuple[str, Any]] = [("Half", period.in_words), ("Due", row.due)]
    if row.signed:
        facts += [("Signed", row.signed), ("By", str(row.person))]
    here = reverse("statement", args=[row.department.code, row.half])
    return FormPage(
        title=f"Statement of {row.department}", section=row.half, submit="Sign 1 statement", back="", state=_state(row),
        facts=facts,
        crumbs=[(f"{row.department}: statements", reverse("statements", args=[row.department.code]))],
        actions=[Action("CSV", f"{here}?format=csv")], template="conduct/statement.html", context=shown,
    )  # fmt: skip


def _file(row: Statement, sections: list[statement_sections.Section]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statement-{row.department.code}-{row.half}.csv"'
    out = csv.writer(response)
    out.writerow(["department", "half", "clause", "section", "what", "value", "note"])
    for section in sections:
        for what, value, note in section["lines"]:
            out.writerow([row.department.code, row.half, section["clause"], section["title"], what, value, note])
    signed = timezone.localtime(row.signed).isoformat() if row.signed else ""
    out.writerow([row.department.code, row.half, "P-28", "Signature", _state(row)[1], signed, row.remarks])
    return response
