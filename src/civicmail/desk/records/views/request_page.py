"""The head that all pages of one request share: title, state, facts, and the sections of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Page
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import requests
from civicmail.desk.records.states import REQUEST

LIST = "Records requests"
SECTIONS: tuple[tuple[str, str], ...] = (
    ("Overview", "records-request"),
    ("Scope", "records-scope"),
    ("Search", "records-search"),
    ("Review", "records-review"),
    ("Contradictions", "records-contradictions"),
    ("Clock", "records-clock"),
    ("Productions", "records-productions"),
    ("Letters", "records-letters"),
    ("Fees", "records-fees"),
    ("Notices", "records-request-notices"),
    ("Contests", "records-request-contests"),
)
"""(label, name of the URL) of the pages of one request, in the order of the work."""


def seen(request: CityRequest, number: str) -> Request:
    """A request that this person may know of. Raises NotPermitted, Http404."""
    return requests.find(number, request.actor, epoch_ms(request.now))


def page(row: Request, heading: str = "", *, here: Sequence[tuple[str, str]] = (), **more: Any) -> Page:
    """The head of a page of one request. heading: of a page below the overview."""
    crumbs = [(LIST, reverse("records-requests")), *here]
    if heading:
        crumbs.insert(1, (row.number, reverse("records-request", args=[row.number])))
    facts: list[tuple[str, Any]] = [("Received", row.received)]
    if row.due is not None:
        facts.append(("Target", row.due))
    elif row.pauses.filter(ended__isnull=True).exists():
        facts.append(("Target", "stands still"))
    if row.custodian is not None:
        facts.append(("Custodian", row.custodian.display))
    title = row.title or f"Request {row.number}"
    return Page(heading or title, row.number, crumbs, REQUEST[row.state], facts, **more)


def sections(row: Request, here: str, actor: Actor, now: int) -> list[tuple[str, str, bool]]:
    """(label, URL, whether it is this one) of the tabs that this person may open. here: name of the URL of this page; now: ms."""
    may_review = guard.may(actor, "records.review", now=now)
    open_to_them = [(label, name) for label, name in SECTIONS if name != "records-review" or may_review]
    return [(label, reverse(name, args=[row.number]), name == here) for label, name in open_to_them]
