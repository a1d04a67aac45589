"""Pages of department statements: the head signs that use of e-mail is in order, or names exceptions (P-28)."""

from __future__ import annotations

import csv
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct import half_year
from civicmail.city.conduct.actions import statements
from civicmail.city.conduct.acts.statements import SIGN_STATEMENT
from civicmail.city.conduct.lists.statements import state_words
from civicmail.city.conduct.models import Statement
from civicmail.city.conduct.queries import deciders, statement_sections
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action


@acting("statement.see")
def one(request: CityRequest, department: str, half: str) -> HttpResponse:
    """Show one attestation, filled in by the system, with the signature form; once signed, as it was signed."""
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
        title=f"Statement of {row.department}", section=row.half, submit="Sign 1 statement", back="", state=state_words(row),
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
    out.writerow([row.department.code, row.half, "P-28", "Signature", state_words(row)[1], signed, row.remarks])
    return response
