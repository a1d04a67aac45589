"""The list of a department's access requests (P-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.guard import guard
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.authorization_states import WORDS
from civicmail.city.identity.lists.departments import DepartmentList
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Bulk, Filter, ListRequest, Operation, Shown, Until
from civicmail.city.pages.states import Label, choices


def _state(a: Any, request: ListRequest) -> Label:
    from civicmail.city.identity.queries import authorization_labels

    return authorization_labels.current_state(a, from_ms(request.now))


def _in_state(rows: Any, value: str, request: ListRequest) -> Any:
    from civicmail.city.identity.queries import home_tasks

    return home_tasks.answerable(rows, request.actor) if value == "mine" else rows.filter(state=value)


def _ending(rows: Any, value: str, request: ListRequest) -> Any:
    now = from_ms(request.now)
    return rows.filter(until__gt=now, until__lte=now + timedelta(days=int(value)))


class AccessRequests(DepartmentList):
    """List access requests of a department, newest first."""

    name, permission = "list_requests", "roster.see"
    page = Page("dept/<slug:department>/requests/", "requests")
    operation = Operation("/departments/{slug:department}/requests", "read:access")
    model = "access.Authorization"
    related = ("mailbox__holder", "person", "department", "requester", "approver", "episode__contract", "episode__department")
    title, caption, empty = "Access requests", "Requests of {parent.name}", "Nobody has asked for access here."
    noun, sort = "requests", "-asked"
    columns = (
        Shown("person", "Person", link=("request",), sort=("person__family", "person__given")),
        Shown("mailbox", "Mailbox", "mailbox.address", full=True, sort=("mailbox__address",)),
        Shown("role", "As", name="as"),
        Shown("state", "State", cell=_state, sort=("state",)),
        Shown("asked", "Asked", hint=lambda a: f"by {a.requester}", sort=("asked",), name="asked"),
        Until("until", "Until", sort=("until",), name="until"),
    )
    filters = (
        Filter("q", "Person", ("person__display__icontains",)),
        Filter("state", "State", apply=_in_state, choices=[("mine", "Waits for you"), *choices(WORDS)]),
        Filter("until", "Ends within", apply=_ending, choices=[("30", "30 days"), ("90", "90 days")]),
    )

    def page_bulk(self, request: ListRequest) -> Bulk | None:
        if not guard.could(request.actor, "request.decide", self.resource(request), now=request.now):
            return None
        acts = [("approve", "Approve…"), ("refuse", "Deny…")]
        return Bulk("requests-together", acts, args=[request.parent.code], takes=lambda row: row.state == "asked")


ACCESS_REQUESTS = AccessRequests()
