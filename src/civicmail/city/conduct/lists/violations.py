"""Lists of violation cases: of the city, and of a department (P-09, P-30). No message text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.conduct.consequence_table import OUTCOMES
from civicmail.city.conduct.violation_states import OPEN, WORDS
from civicmail.city.identity.lists.departments import DepartmentList
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Choice,
    Column,
    Filter,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    Somebody,
    State,
    Time,
)
from civicmail.city.pages.states import choices

SOURCES = {
    "person": "a person",
    "outside": "somebody without a name",
    "reviewer": "two use reviewers",
    "recorded": "whoever answers for them",
}
WAITS = [("mine", "Waits for you"), ("open", "Waits for anybody")]


def _in_state(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.conduct.queries import violation_tasks

    if value == "mine":
        return rows.filter(pk__in=violation_tasks.for_them(request.actor, request.now))
    return rows.filter(state__in=OPEN) if value == "open" else rows.filter(state=value)


def _person(v: Any, _request: ListRequest) -> Cell:
    from django.urls import reverse

    named = v.department is not None
    place = reverse("violation", args=[v.department.code, v.pk]) if named else reverse("violation-unnamed", args=[v.pk])
    return Cell(str(v.person or "To be named"), place, hint=str(v.agency or ""))


class Violations(List):
    """List all violation cases, newest first.

    A case. source: person, outside, reviewer or recorded; state: reported, recorded, confirmed, proposed, unfounded, noted,
    decided, appealed, upheld, overturned or reversed; outcome: none, warning, suspension, restriction, ended or permanent.
    """

    name, permission = "list_violations", "violations.see"
    page = Page("access/violations/", "violations")
    operation = Operation("/violations", "read:violations", shape="ViolationLine")
    model, related = "conduct.Violation", ("person", "agency", "department")
    title, section = "Violations", "Access office"
    links: Sequence[Link] = (Link("Bans", "bars"),)
    caption, empty, noun, sort = "Violations", "No violations recorded.", "violations", "-made"
    columns = (
        Number("id"),
        Somebody("person", "Person", cell=_person, optional=True, sort=("person__family",)),
        Column("department", value=lambda v: v.department.code if v.department else ""),
        Column("agency", value=lambda v: v.agency.code if v.agency else ""),
        Time("made", "Reported", sort=("made",), name="reported"),
        Column("clause", "Rule", cell=lambda v, _: v.clause or "to be named", sort=("clause",), name="rule"),
        State("state", "State", words=WORDS, hint=lambda v: "1 of 2" if v.state == "proposed" else "", sort=("state",)),
        Choice("outcome", "What followed", words=OUTCOMES, sort=("outcome",), name="followed"),
        Choice("source", "From", words=SOURCES, sort=("source",), name="from"),
        Time("until", optional=True),
    )
    filters = (
        Filter("state", "State", apply=_in_state, choices=[*WAITS, *choices(WORDS)]),
        Filter("clause", "Rule", ("clause__iexact",)),
    )


class DepartmentViolations(DepartmentList, Violations):
    """List violation cases of a department, newest first."""

    name, permission = "list_department_violations", "violation.see"
    page = Page("dept/<slug:department>/violations/", "dept-violations")
    operation = Operation("/departments/{slug:department}/violations", "read:violations", shape="ViolationLine")
    caption, above = "Violations in {parent.name}", "{}"
    links = ()


VIOLATIONS, DEPARTMENT_VIOLATIONS = Violations(), DepartmentViolations()
