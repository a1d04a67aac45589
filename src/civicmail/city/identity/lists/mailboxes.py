"""Lists of mailboxes: of the city, and of a department (P-07, P-08). Never their content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.lists.departments import DepartmentList, department_choices
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Column,
    Filter,
    Link,
    List,
    ListRequest,
    Number,
    Operation,
    Shown,
    Somebody,
    Time,
)
from civicmail.city.pages.states import Label, choices, label, labels

STATES = [*choices(labels("closed", open="active", unused="held")), ("moved", "Its owner works elsewhere")]


def _kinds() -> list[tuple[str, str]]:
    from civicmail.city.directory.models import Mailbox

    return Mailbox.Type.choices


def _in_state(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.identity.queries import mailbox_users

    if value == "moved":
        return mailbox_users.of_movers(rows)
    if value == "unused":
        return mailbox_users.without_users(rows, from_ms(request.now))
    return rows.filter(closed__isnull=value == "open")


def state_words(box: Any, now: int) -> Label:
    """The state of a mailbox with its number of users: held if nobody may read it. now: ms."""
    if box.closed:
        return label("closed")
    if box.kind == "service":
        return label("lapsed" if box.expires and box.expires <= from_ms(now) else "active")
    return label("active" if box.users else "held")


class Mailboxes(List):
    """List all mailboxes by address.

    kind: personal, function or service; users: how many may use it now.
    """

    name, permission, order = "list_mailboxes", "mailbox.see", "address"
    page = Page("access/mailboxes/", "mailboxes")
    operation = Operation("/mailboxes", "read:mailboxes", shape="Box")
    model, related = "directory.Mailbox", ("department", "holder")
    title, section = "All mailboxes", "Access office"
    caption, noun, sort = "Mailboxes", "mailboxes", "address"
    empty = "No mailbox yet. A person gets one by a request; one of a role or a machine is made here."
    columns: Sequence[Column] = (
        Column("address", "Address", link=("mailbox", "address"), hint=lambda m: str(m.holder or m.name), sort=("address",)),
        Column("name"),
        Column("kind", "Kind", cell=lambda m, _: m.get_kind_display(), sort=("kind", "address"), name="kind"),
        Column(
            "department", "Owner", "department.code", cell=lambda m, _: str(m.department), sort=("department__name",), name="owner"
        ),
        Somebody("holder", optional=True),
        Column("purpose"),
        Number("users", "People who use it", sort=("users",), name="people who use it"),
        Shown("state", "State", cell=lambda box, request: state_words(box, request.now)),
        Time("made"),
        Time("expires", optional=True),
        Time("closed", optional=True),
    )
    filters: Sequence[Filter] = (
        Filter("q", "Address or name", ("address__icontains", "name__icontains")),
        Filter("kind", "Kind", choices=_kinds),
        Filter("state", "State", apply=_in_state, choices=STATES),
        Filter("department", "Owner", ("department__code",), page_choices=department_choices),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.identity.queries import mailbox_users

        return mailbox_users.with_users(super().rows(request), from_ms(request.now))

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        return [
            Link("Make a mailbox", "mailbox-new", permission="mailbox.make", about=InDepartment(""), primary=True),
            Link("Address history", "whose"),
        ]


class DepartmentMailboxes(DepartmentList, Mailboxes):
    """List the mailboxes of a department."""

    name = "list_department_mailboxes"
    page = Page("dept/<slug:department>/mailboxes/", "dept-mailboxes")
    operation = Operation("/departments/{slug:department}/mailboxes", "read:mailboxes", shape="Box")
    title = "Mailboxes"
    filters = Mailboxes.filters[:-1]

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        query = f"?department={request.parent.code}"
        return [Link("Make a mailbox", "mailbox-new", query, permission="mailbox.make", primary=True)]


MAILBOXES, DEPARTMENT_MAILBOXES = Mailboxes(), DepartmentMailboxes()
