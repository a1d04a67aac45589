"""One production of a request: how far it is, what the gate refused, its files, and what may be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.queries import four_eyes
from civicmail.city.pages import progress
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.progress import Progress
from civicmail.core.redaction.manifest import NAME
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import Production, Publication
from civicmail.desk.records.production.dispositions import equation
from civicmail.desk.records.queries import notices
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.queries.notices import Lock
from civicmail.desk.records.states import PRODUCTION, PRODUCTIONS
from civicmail.desk.records.views import production_files, request_page

FILES = 100
"""Files that the page lists; the index has all."""
BUTTONS = {
    "release": ("Release", "records-production-release"),
    "stop": ("Stop", "records-production-stop"),
    "approve": ("Decide", "records-production-decide"),
}
"""Action of the table -> words and name of its page."""


@acting("records.see")
def production(request: CityRequest, number: str, production: int) -> HttpResponse:
    """Show a production."""
    request_row = request_page.seen(request, number)
    row = get_object_or_404(Production.objects.select_related("by", "approved_by"), request=request_row, number=production)
    is_running = row.state in productions.UNDER_WAY
    at = [number, production]
    locked = lock(row, request.now)
    stop = reverse("records-production-stop", args=at) if is_running and may(request, "records.work") else ""
    is_checking = row.state == "checking"
    done = row.checked if is_checking else row.done
    shown: dict[str, Any] = {
        "row": row,
        "stop": stop,
        "problems": row.problems,
        "files": list(row.files.order_by("item", "name")[:FILES]),
        "count": row.files.count(),
        "equation": equation(row.balance) if row.balance else "",
        "lock": locked,
        "may_continue": may(request, "records.work") and "again" in PRODUCTIONS.actions(row.state),
    }
    if row.state == "released":
        publication = Publication.objects.filter(production=row).first()
        shown |= {"publication": publication, "may_publish": publication is None and may(request, "records.work")}
        shown |= {"signed": row.files.filter(name=NAME).first(), "key": production_files.public_key()}
    page = head(row, actions=() if is_running else _buttons(request, row, is_locked=locked is not None))
    facts = Progress(reverse("records-production", args=at), done, 0 if is_checking else row.total, is_running)
    return progress.response(request, "records/production.html", page, facts, shown)


def lock(row: Production, at: datetime) -> Lock | None:
    """The notice that locks a production that could be released otherwise."""
    pack = pack_or_none(row.request) if row.state in ("asked", "approved") else None
    return notices.lock_of(row, pack, local_day(at)) if pack is not None else None


def head(row: Production, heading: str = "", **more: Any) -> Page:
    """The head of the pages of one production. heading: of a page below it."""
    above = [("Productions", reverse("records-productions", args=[row.request.number]))]
    title = f"Production {row.number}"
    if heading:
        above.append((title, reverse("records-production", args=[row.request.number, row.number])))
    page = request_page.page(row.request, heading or title)
    facts: list[tuple[str, Any]] = [("Ordered", row.at), ("By", row.by.display)]
    if row.approved_by is not None:
        facts.append(("Approved by", row.approved_by.display))
    return Page(page.h1, page.section, [*page.crumbs, *above], PRODUCTION[row.state], facts, **more)


def _buttons(request: CityRequest, row: Production, *, is_locked: bool) -> list[Action]:
    now = epoch_ms(request.now)
    at = [row.request.number, row.number]
    allowed = {
        "approve": bool(four_eyes.may(request.actor, "records.approve", productions.about(row), now=now)),
        "release": may(request, "records.work") and not is_locked,
        "stop": may(request, "records.work"),
    }
    names = [name for name in BUTTONS if name in PRODUCTIONS.actions(row.state) and allowed[name]]
    return [Action(BUTTONS[name][0], reverse(BUTTONS[name][1], args=at), name != "stop") for name in names]
