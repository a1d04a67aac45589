"""Pages of department statements: the head signs that use of e-mail is in order, or names exceptions (P-28)."""

from __future__ import annotations

import csv
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct import half_year, statement_states
from civicmail.city.conduct.actions import statements
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import deciders, statement_sections

SENTENCE = "I have read this statement, and I answer for it."


class Signing(forms.Form):
    """The head's choice, nothing preselected; exceptions are described in words."""

    answer = forms.ChoiceField(
        label="Your answer",
        choices=[("sign", "It is in order, and I sign it"), ("except", "I sign it, and this is not in order:")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two answers."},
    )
    remarks = text_field(
        "What is not in order",
        "And what you will do about it, until when.",
        max_length=statements.MAX_REMARKS,
        rows=5,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("answer") == "except" and len((cleaned.get("remarks") or "").strip()) < 20:
            self.add_error("remarks", "Say in at least 20 characters what is not in order.")
        if cleaned.get("answer") == "sign" and (cleaned.get("remarks") or "").strip():
            self.add_error("answer", "You wrote what is not in order: choose the second answer, or take the words out.")
        return cleaned


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
    return listing.render_list(request, "access/list.html", table, {"page": page})


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
    return listing.render_list(request, "access/list.html", table, {"page": Page("Which departments have answered?", "Statements")})


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
    row = statement_of(request, department, half)
    now, about = epoch_ms(request.now), InDepartment(row.department.code)
    period = half_year.parse(row.half)
    assert period is not None, "its address was read already"
    signing = row.state == "open" and may(request, "statement.sign", about)
    form = Signing(request.POST if request.method == "POST" else None) if signing else None
    if request.method == "POST":
        require(request, "statement.sign", about)
        form = form or Signing(request.POST)
        if form.is_valid():
            c = form.cleaned_data
            remarks = c["remarks"] if c["answer"] == "except" else ""
            if run_verb(form, lambda: statements.sign(row, remarks, actor=request.actor, reason=SENTENCE, now=now)):
                return redirect("statement", department=row.department.code, half=row.half)
    sections = row.numbers if row.state != "open" else statement_sections.sections(row.department, period, now)
    if request.GET.get("format") == "csv":
        return _file(row, sections)
    shown = {
        "page": _page(row, period), "row": row, "sections": sections, "form": form, "sentence": SENTENCE,
        "divisions": [d.name for d in deciders.with_headless_divisions(row.department)[1:]],
        "asked": deciders.of_department(row.department, now) if row.state == "open" else [],
    }  # fmt: skip
    return render(request, "conduct/statement.html", shown, status=status_of(form) if form else 200)


def statement_of(request: CityRequest, department: str, half: str) -> Statement:
    """The statement of a department for a half, where this person may see it. Raises NotPermitted, Http404."""
    where = department_of(department)
    require(request, "statement.see", InDepartment(where.code))
    if half_year.parse(half) is None:
        raise Http404
    return get_object_or_404(Statement.objects.select_related("department", "person"), department=where, half=half)


def _page(row: Statement, period: half_year.Half) -> Page:
    up = [(f"{row.department}: statements", reverse("statements", args=[row.department.code]))]
    facts: list[tuple[str, Any]] = [("Half", period.in_words), ("Due", row.due)]
    if row.signed:
        facts += [("Signed", row.signed), ("By", str(row.person))]
    here = reverse("statement", args=[row.department.code, row.half])
    return Page(f"Statement of {row.department}", row.half, up, _state(row), facts, [Action("CSV", f"{here}?format=csv")])


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
