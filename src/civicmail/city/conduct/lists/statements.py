"""Lists of attestations of departments (P-28)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.conduct import half_year, statement_states
from civicmail.city.identity.lists.departments import DepartmentList
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Column,
    Day,
    Filter,
    Flag,
    List,
    ListRequest,
    Operation,
    Shown,
    Somebody,
    State,
    Time,
)
from civicmail.city.pages.states import Label, choices, label

STATES = choices({**statement_states.WORDS, "overdue": label("overdue")})


def state_words(row: Any) -> Label:
    return label("overdue") if row.state == "open" and row.overdue else statement_states.WORDS[row.state]


def _words(half: str) -> str:
    parsed = half_year.parse(half)
    return parsed.in_words if parsed else half


def _state(row: Any, _request: ListRequest) -> Cell:
    role, word = state_words(row)
    return Cell(word, role=role)


def _in_state(rows: Any, value: str, request: ListRequest) -> Any:
    return rows.filter(overdue__isnull=False, state="open") if value == "overdue" else rows.filter(state=value)


def _halves() -> list[tuple[str, str]]:
    """Half-years that have statements, the newest first."""
    from civicmail.city.conduct.models import Statement

    halves = Statement.objects.order_by("-half").values_list("half", flat=True).distinct()
    return [(half, _words(half)) for half in halves]


class Statements(List):
    """List attestations of all departments, newest first.

    A department's statement of half a year. state: open, signed or exceptions.
    """

    name, permission = "list_statements", "statements.see"
    page = Page("access/statements/", "all-statements")
    operation = Operation("/statements", "read:conduct", shape="StatementLine")
    model, related = "conduct.Statement", ("department", "person")
    title, section = "Statements", "Access office"
    caption, noun, sort = "Statements of departments", "statements", "department"
    empty = "No statement was opened yet. The first are when the half of this year is over."
    columns: Sequence[Column] = (
        Column("department", value="department.code"),
        Shown(
            "department",
            "Department",
            "department.name",
            link=("statement", "department.code", "half"),
            sort=("department__name", "-half"),
        ),
        Column("half", "Half", cell=lambda row, _: _words(row.half), sort=("half",), name="half"),
        State("state", "State", words=statement_states.WORDS, cell=_state, sort=("state",)),
        Day("due", "Due", sort=("due",), name="due"),
        Flag("overdue", value=lambda row: row.overdue is not None and row.state == "open"),
        Time("signed", "Signed", optional=True, sort=("signed",), name="signed"),
        Somebody("person", "By", optional=True, name="by"),
    )
    filters: Sequence[Filter] = (
        Filter("half", "Half", page_choices=_halves),
        Filter("state", "State", apply=_in_state, choices=STATES),
    )


class DepartmentStatements(DepartmentList, Statements):
    """List attestations of a department, newest first."""

    name, permission = "list_department_statements", "statement.see"
    page = Page("dept/<slug:department>/statement/", "statements")
    operation = Operation("/departments/{slug:department}/statements", "read:conduct", shape="StatementLine")
    title, caption, sort = "Statements", "Statements of {parent.name}", "-half"
    empty = "No statement was asked for yet. The first is opened when the half of this year is over."
    columns = (
        Statements.columns[0],
        Shown("half", "Half", lambda row: _words(row.half), link=("statement", "department.code", "half"), sort=("half",)),
        Column("half"),
        *Statements.columns[3:],
    )
    filters = Statements.filters[1:]

    def page_crumbs(self, request: ListRequest) -> Sequence[tuple[str, str]]:
        from django.urls import reverse

        from civicmail.city.guard.queries import four_eyes

        if four_eyes.may(request.actor, "roster.see", self.resource(request), now=request.now):
            return [(request.parent.name, reverse("people", args=[request.parent.code]))]
        return [("Statements", reverse("all-statements"))]


STATEMENTS, DEPARTMENT_STATEMENTS = Statements(), DepartmentStatements()
