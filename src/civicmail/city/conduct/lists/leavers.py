"""Lists of leavers of a department, and of their closed accounts (P-08)."""

from __future__ import annotations

from typing import Any

from civicmail.city.conduct import closure_states
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.lists.departments import DepartmentList
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import (
    Cell,
    Column,
    Filter,
    Flag,
    List,
    ListRequest,
    Number,
    Operation,
    Shown,
    Somebody,
    State,
    Time,
)
from civicmail.city.pages.states import choices, labels
from civicmail.core.config.clock import now_ms

CHOICES: dict[str, str] = {
    "reply": "An answer says that they left",
    "forward": "What comes goes to a function mailbox",
    "successor": "A successor reads it for a time",
    "nothing": "Nothing: what comes is held",
}
STATES = [*choices(labels(open="pending", red="overdue")), *CHOICES.items()]


def _in_state(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.conduct.queries import leavers

    open_rows = leavers.open_rows(request.now).values("pk")
    if value == "red":
        return rows.filter(pk__in=open_rows, told__lte=from_ms(request.now - DAY_MS))
    return rows.filter(pk__in=open_rows) if value == "open" else rows.filter(choice=value)


def _state(row: Any, request: ListRequest) -> Cell:
    from civicmail.city.conduct.queries import leavers

    return Cell.of(leavers.state(row, request.now), leavers.choice_of(row))


def _is_overdue(row: Any) -> bool:
    from civicmail.city.conduct.queries import leavers

    return leavers.is_overdue(row, now_ms())


class Leavers(DepartmentList):
    """List leavers on whose mail a department decides, newest first.

    choice: reply, forward, successor or nothing, empty until the department has decided; red: not decided in time; ending: of
    access, as `read_ending` reads it.
    """

    name, permission = "list_leavers", "roster.see"
    page = Page("dept/<slug:department>/leavers/", "leavers")
    operation = Operation("/departments/{slug:department}/leavers", "read:conduct", shape="Left")
    title, caption = "Leavers", "People who left {parent.name}"
    empty = "Nobody's access has ended yet. Whoever leaves is shown here, and you decide what happens to the mail."
    sort = "-ended"
    columns = (
        Number("id"),
        Somebody(
            "person",
            "Person",
            "ending.person",
            link=("left", "department.code", "pk"),
            hint=lambda row: row.mailbox.address,
            sort=("ending__person__family", "ending__person__given"),
        ),
        Column("mailbox", value="mailbox.address"),
        Column("department", value="department.code"),
        Time("ended", "Access ended", "ending.when", sort=("ending__when",), name="ended"),
        Number("ending", value="ending_id"),
        Time("told"),
        Shown("state", "Mail", cell=_state, sort=("choice",)),
        Column("choice"),
        Flag("red", value=_is_overdue),
        Time("answered", optional=True),
        Somebody("by", "Answered by", "person", optional=True, name="answered by"),
    )
    filters = (
        Filter("q", "Person", ("ending__person__display__icontains",)),
        Filter("state", "State", apply=_in_state, choices=STATES),
    )

    def rows(self, request: ListRequest) -> Any:
        from civicmail.city.conduct.queries import leavers

        return leavers.of_departments([request.parent.code])


class Closures(List):
    """List closed accounts and those in closure, newest first.

    The end of an account, with what was counted before: the certificate. state: counting, counted, ordered, closed, stopped or
    dropped; live: messages in the live copy; brought: of them, those that the archive lacked; sha256: of the certificate.
    """

    name, permission = "list_closures", "reconcile.see"
    page = Page("access/closures/", "closures")
    operation = Operation("/closures", "read:conduct", shape="Closed")
    model, related = "conduct.Closure", ("mailbox__holder", "department", "by")
    title, section = "Closed accounts", "Access office"
    caption, noun, sort = "Closed accounts", "accounts", "-closed"
    empty = "No account was closed yet. A department closes one on the page of the person who left."
    columns = (
        Number("id"),
        Column("mailbox", "Mailbox", "mailbox.address", link=("closure",), sort=("mailbox__address",)),
        Column("department", value="department.code"),
        Shown("department", "Department", "department.name", sort=("department__name",)),
        State("state", "State", words=closure_states.WORDS, sort=("state",)),
        Time("asked"),
        Somebody("by"),
        Column("reason"),
        Number("live", "Messages", sort=("live",), name="messages"),
        Number("size"),
        Number("brought"),
        Number("holds"),
        Number("cost"),
        Time("closed", "Closed", optional=True, sort=("closed",), name="closed"),
        Column("sha256"),
        Column("problem"),
    )
    filters = (
        Filter("q", "Mailbox", ("mailbox__address__icontains",)),
        Filter("state", "State", choices=choices(closure_states.WORDS)),
    )


LEAVERS, CLOSURES = Leavers(), Closures()
