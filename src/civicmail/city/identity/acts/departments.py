"""Acts on departments: open, change, name head and deputies, move, close, reopen (P-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.pages.act import Act, Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Choices, Input, Money, OptionalPerson, People, Seen, Slug, Text, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department

_SECTION = "Departments"
_ROUTE, _PATH = "access/departments/<slug:department>", "/departments/{slug:department}"


class DepartmentWords(Input):
    """cost: dollars a year for one mailbox."""

    name = Text(label="Name", max_length=120, rows=1)
    cost = Money(label="What does one mailbox cost?", help="Dollars a year.", maximum=100_000)
    reason = reason()


class Placing(Input):
    """parent: code of the department above, empty for none."""

    parent = Choice(label="Part of which department?", required=False)
    reason = reason()


class DepartmentToOpen(Input):
    """code: small letters, digits and dashes, for ever; parent: code, or empty."""

    code = Slug(label="Code", max_length=40, help="Small letters, digits and dashes; it stays for ever.")
    name = DepartmentWords.name
    parent = Placing.parent
    cost = DepartmentWords.cost
    reason = reason()


class Leading(Input):
    """head: number or address, empty for none; deputies: the same; was: number of the head as seen, or empty."""

    head = OptionalPerson(label="Head", help="Empty: nobody.")
    deputies = People(label="Deputies")
    was = Seen(label="The head as it was seen.", required=False)
    reason = reason()


class OpenDepartment(Act[None, DepartmentToOpen, "Department"]):
    """Add a department, at the top or below another one."""

    name, permission, input = "open_department", "department.change", DepartmentToOpen
    page = Page("access/departments/new/", "department-new")
    operation = Operation("/departments", "write:people", status=201)

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        return {"parent": _others()}

    def perform(self, given: DepartmentToOpen, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        return organization.make_department(
            given.code, given.name, parent=_named(given.parent), mailbox_cost=_cents(given.cost), actor=actor,
            reason=given.reason, now=now,
        )  # fmt: skip

    def message(self, row: None, done: Department) -> str:
        return f"{done} is there. Name its head next."

    def after(self, done: Department) -> str:
        from django.urls import reverse

        return reverse("department-lead", args=[done.code])

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("departments")
        return FormPage(title="New department", section=_SECTION, submit="Open 1 department", back=back, crumbs=[(_SECTION, back)])


class _OnDepartment[Given: Input](Act["Department", Given, "Department"]):
    permission = "department.change"
    model, key, related = "directory.Department", "code", ("head", "parent")


class ChangeDepartment(_OnDepartment[DepartmentWords]):
    """Change the name and the cost of a mailbox; the code stays."""

    name, input = "change_department", DepartmentWords
    page = Page(f"{_ROUTE}/change/", "department-change")
    operation = Operation(_PATH, "write:people", method="PATCH")
    success_message = "The department was changed."

    def initial(self, row: Department) -> Mapping[str, Any]:
        return {"name": row.name, "cost": row.mailbox_cost / 100}

    def perform(self, row: Department, given: DepartmentWords, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        organization.change_department(row, given.name, _cents(given.cost), actor=actor, reason=given.reason, now=now)
        return _fresh(row)

    def form_page(self, row: Department) -> FormPage:
        return FormPage(
            title=f"Change {row.name}", section=_SECTION, submit="Save", back=_url(row), crumbs=_crumbs(row),
            note="The cost stands in requests that are made from now on; what was asked for keeps its own.",
        )  # fmt: skip


class LeadDepartment(_OnDepartment[Leading]):
    """Set head and deputies, who decide about access."""

    name, input = "lead_department", Leading
    page = Page(f"{_ROUTE}/lead/", "department-lead")
    operation = Operation(f"{_PATH}/lead", "write:people")
    command = Command(
        "department lead", row={"code": Parameter("DEPARTMENT", "The code of a department.")}, options={"deputies": "--deputy"}
    )

    def find(self, code: str, *, actor: Actor, now: int) -> Department:
        from civicmail.city.directory.models import Department

        return require_row(
            Department.objects.select_related(*self.related).filter(code=code).first(), f"There is no department {code}."
        )

    def initial(self, row: Department) -> Mapping[str, Any]:
        deputies = row.deputies.order_by("family").values_list("uid", flat=True)
        return {"head": self.state(row), "deputies": "\n".join(deputies)}

    def state(self, row: Department) -> str:
        return row.head.uid if row.head else ""

    def perform(self, row: Department, given: Leading, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        organization.lead_department(row, given.head, given.deputies, actor=actor, reason=given.reason, now=now)
        return _fresh(row)

    def message(self, row: Department, done: Department) -> str:
        return f"Head and deputies of {row} were named."

    def form_page(self, row: Department) -> FormPage:
        effects = ["Head and deputies decide who of the department and of its divisions gets mail, from the next click on."]
        if row.head:
            effects.append(f"{row.head} decides no longer, unless you leave the name where it is.")
        return FormPage(
            title=f"Head and deputies of {row.name}", section=_SECTION, submit="Name head and deputies", back=_url(row),
            crumbs=_crumbs(row), effects=effects,
            stays=["What was approved stays approved. What waits is decided by whoever is named now."],
        )  # fmt: skip


class PlaceDepartment(_OnDepartment[Placing]):
    """Move a department in the tree, with its subdepartments."""

    name, input = "place_department", Placing
    page = Page(f"{_ROUTE}/place/", "department-place")
    operation = Operation(f"{_PATH}/place", "write:people")

    def choices(self, row: Department, actor: Actor) -> Mapping[str, Choices]:
        return {"parent": _others(row.code)}

    def initial(self, row: Department) -> Mapping[str, Any]:
        return {"parent": row.parent.code if row.parent else ""}

    def perform(self, row: Department, given: Placing, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        organization.place_department(row, _named(given.parent), actor=actor, reason=given.reason, now=now)
        return _fresh(row)

    def message(self, row: Department, done: Department) -> str:
        return f"{row} was moved."

    def form_page(self, row: Department) -> FormPage:
        return FormPage(
            title=f"Move {row.name}", section=_SECTION, submit="Move 1 department", back=_url(row),
            crumbs=_crumbs(row),
            effects=["Heads and deputies above it decide for it, too.", "Lists of everybody above it reach its people."],
        )  # fmt: skip


class CloseDepartment(_OnDepartment[Because]):
    """Close a department; it must be empty."""

    name, input = "close_department", Because
    page = Page(f"{_ROUTE}/close/", "department-close")
    operation = Operation(f"{_PATH}/close", "write:people")

    def perform(self, row: Department, given: Because, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        organization.close_department(row, actor=actor, reason=given.reason, now=now)
        return _fresh(row)

    def message(self, row: Department, done: Department) -> str:
        return f"{row} is closed."

    def form_page(self, row: Department) -> FormPage:
        effects = ["Nobody can be hired or authorized there.", "It must have no people, open mailboxes or open divisions."]
        return _closing(row, f"Close {row.name}?", "Close 1 department", effects, stop=True)


class ReopenDepartment(_OnDepartment[Because]):
    """Reopen a closed department."""

    name, input = "reopen_department", Because
    page = Page(f"{_ROUTE}/reopen/", "department-reopen")
    operation = Operation(f"{_PATH}/reopen", "write:people")

    def perform(self, row: Department, given: Because, *, actor: Actor, now: int) -> Department:
        from civicmail.city.identity.actions import organization

        organization.reopen_department(row, actor=actor, reason=given.reason, now=now)
        return _fresh(row)

    def message(self, row: Department, done: Department) -> str:
        return f"{row} is open again."

    def form_page(self, row: Department) -> FormPage:
        effects = ["It can have people, mailboxes and divisions again."]
        return _closing(row, f"Reopen {row.name}?", "Open 1 department", effects, stop=False)


def _closing(row: Department, title: str, submit: str, effects: list[str], *, stop: bool) -> FormPage:
    return FormPage(
        title=title, section=_SECTION, submit=submit, back=_url(row), crumbs=_crumbs(row), effects=effects, stop=stop,
        stays=["Its history, its mail and what was authorized are kept."],
    )  # fmt: skip


def _others(besides: str = "") -> Choices:
    from civicmail.city.directory.models import Department

    rows = Department.objects.filter(closed__isnull=True).exclude(code=besides)
    return [("", "Nothing above"), *rows.order_by("name").values_list("code", "name")]


def _named(code: str) -> Department | None:
    from civicmail.city.directory.models import Department

    return Department.objects.get(code=code) if code else None


def _fresh(row: Department) -> Department:
    row.refresh_from_db()
    return row


def _cents(dollars: Any) -> int:
    return round(100 * (dollars or 0))


def _url(row: Department) -> str:
    from django.urls import reverse

    return reverse("department", args=[row.code])


def _crumbs(row: Department) -> list[tuple[str, str]]:
    from django.urls import reverse

    return [(_SECTION, reverse("departments")), (row.name, _url(row))]


OPEN_DEPARTMENT, CHANGE_DEPARTMENT, LEAD_DEPARTMENT = OpenDepartment(), ChangeDepartment(), LeadDepartment()
PLACE_DEPARTMENT, CLOSE_DEPARTMENT, REOPEN_DEPARTMENT = PlaceDepartment(), CloseDepartment(), ReopenDepartment()
ON_DEPARTMENTS: tuple[Act[Any, Any, Department], ...] = (
    CHANGE_DEPARTMENT, LEAD_DEPARTMENT, PLACE_DEPARTMENT, CLOSE_DEPARTMENT, REOPEN_DEPARTMENT,
)  # fmt: skip
