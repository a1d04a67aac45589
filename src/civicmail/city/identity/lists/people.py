"""The list of a department's people (P-04, P-08)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import PersonIn
from civicmail.city.identity.lists.departments import DEPARTMENT, DepartmentList
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Column,
    Command,
    Day,
    Filter,
    Link,
    ListRequest,
    Number,
    Operation,
    Shown,
    Texts,
    Until,
)
from civicmail.city.pages.states import Label, choices, labels

STATES = labels("active", "approved", "suspended", asked="pending", none="no-access")
SOON = timedelta(days=30)
IDLE = timedelta(days=90)


def _kinds() -> list[tuple[str, str]]:
    from civicmail.city.directory.models import Kind

    return Kind.choices


def _name(e: Any, request: ListRequest) -> Cell:
    from django.urls import reverse

    outside = f"contractor, {e.contract.agency}" if e.contract else ""
    return Cell(str(e.person), reverse("person", args=[request.parent.code, e.person.uid]), hint=outside or e.position)


def _access(e: Any, _request: ListRequest) -> Label:
    return STATES[e.access_state or "none"]


def _notes(e: Any, request: ListRequest) -> Cell:
    """A note about the most urgent problem of a person's access, if any."""
    from django.utils import timezone

    from civicmail.city.pages.days import last_day

    today = timezone.localdate(from_ms(request.now))
    if e.access_state == "active":
        if not e.accepted:
            return Cell("Policy open", role="warn")
        if e.access_until and last_day(e.access_until) <= today + SOON:
            return Cell("Ends soon", role="warn")
        if e.used and e.used < today - IDLE:
            return Cell(f"Not used {(today - e.used).days} days", role="warn")
    return Cell()


def _with_words(rows: Any, value: str, request: ListRequest) -> Any:
    from django.db.models import Q

    fields = ("person__given", "person__family", "person__display", "person__uid", "position", "person__mailboxes__address")
    for word in value.split()[:5]:
        fitting = Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)
        rows = rows.filter(pk__in=rows.model.objects.filter(fitting).order_by().values("pk"))
    return rows


def _with_access(rows: Any, value: str, request: ListRequest) -> Any:
    return rows.filter(access_state__isnull=True) if value == "none" else rows.filter(access_state=value)


def _ending(rows: Any, value: str, request: ListRequest) -> Any:
    return rows.filter(access_until__lte=from_ms(request.now) + timedelta(days=int(value)))


def _late(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.identity.queries import department_questions

    return rows.filter(person__in=department_questions.overdue_in([request.parent.code], request.now))


def _asked_about(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.identity.queries import department_questions

    episodes = department_questions.episodes_asked_about(value, [request.parent.code], request.now)
    return rows.filter(pk__in=episodes.order_by().values("pk"))


class People(DepartmentList):
    """List the people of a department.

    access: state of the person's own right, empty without one; used: the last day on which it was used.
    """

    name, permission, order = "list_people", "roster.see", "person__uid"
    page = Page("dept/<slug:department>/people/", "people")
    operation = Operation("/departments/{slug:department}/people", "read:people", shape="PersonLine")
    command = Command(
        "people list",
        ("uid", "name", "kind", "position"),
        lambda e: f"{e.person.uid:12} {e.person.display}, {e.position or e.kind}",
        order=("person__family", "person__given"),
        parameters=DEPARTMENT,
    )
    title, caption = "People", "People of {parent.name}"
    empty = "No one works in {parent.name}, as far as the personnel system says."
    sort = "name"
    columns = (
        Column("uid", value="person.uid"),
        Column("name", "Name", "person.display", cell=_name, sort=("person__family", "person__given")),
        Column("kind", "Kind", cell=lambda e, _: e.get_kind_display(), sort=("kind",)),
        Column("position"),
        Texts("mailboxes", "Mailboxes", lambda e: [a.mailbox.address for a in e.person.living], full=True, alias="mail"),
        Column("access", "Access", lambda e: e.access_state or "", cell=_access, sort=("access_state",), alias="state"),
        Until("until", "Until", "access_until", optional=True, sort=("access_until",), name="until"),
        Day("used", "Last used", optional=True, sort=("used",), name="last used"),
        Number("accepted", "Policy", optional=True, is_number=False, sort=("accepted",), name="policy version"),
        Shown("notes", "Look here", cell=_notes),
    )
    filters = (
        Filter("q", "Words", apply=_with_words),
        Filter("state", "Access", apply=_with_access, choices=choices(STATES)),
        Filter("kind", "Kind", choices=_kinds),
        Filter("until", "Ends within", apply=_ending, choices=[("30", "30 days"), ("90", "90 days")]),
        Filter("policy", "Policy", apply=_late, choices=[("overdue", "not accepted in time")]),
        Filter(
            "question",
            "To decide",
            apply=_asked_about,
            choices=[("arrived", "came from another department"), ("unused", "mailbox not used")],
        ),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.identity.queries import roster

        return roster.people(request.parent)

    def with_related(self, rows: Any) -> Any:
        from civicmail.city.identity.queries import roster

        return roster.with_rights(rows)

    def page_crumbs(self, request: ListRequest) -> list[tuple[str, str]]:
        return []

    def page_links(self, request: ListRequest) -> list[Link]:
        code = request.parent.code
        return [
            Link("Bulk authorization", "positions", args=(code,), permission="roster.authorise", is_sure=False),
            Link("Add a person", "person-new", args=(code,), permission="person.change", about=PersonIn(code, "")),
            Link("Request access", "request-new", primary=True),
        ]

    def facts(self, request: ListRequest, _shown: Any) -> list[tuple[str, Any]]:
        return [("Head", request.parent.head or "nobody"), ("Code", request.parent.code)]

    def context(self, request: ListRequest) -> dict[str, Any]:
        return {"department": request.parent}


PEOPLE = People()
