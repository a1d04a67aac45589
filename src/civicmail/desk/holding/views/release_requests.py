"""Release requests: the list, and the answer to one ("/holding/releases/")."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, release_states
from civicmail.desk.holding.acts.release_requests import ANSWER_RELEASE
from civicmail.desk.holding.held_copies import CheckResults, HeldCopy
from civicmail.desk.holding.lists.release_requests import KINDS
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive


@acting("releases.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show the request with its reason, what holds the copies, and the form for the answer. The message is not shown: that takes an
    examination."""
    require(request, "releases.see")
    row = act_pages.row_of(ANSWER_RELEASE, pk, actor=request.actor, now=epoch_ms(request.now))
    act = release_states.act_of(row.kind, row.state)
    resource = queries.release_resource(row)
    allowed = may(request, act, resource) if act else None
    if request.method == "POST" and act:
        require(request, act, resource)
    copies = [c for c in queries.copies(epoch_ms(request.now)) if c.uuid == row.capture and c.index in row.copies]
    facts: list[tuple[str, Any]] = [
        ("Asked by", str(row.requester)),
        ("Asked", row.made),
        ("Copies", len(row.copies)),
        ("Who decides", KINDS[row.kind]),
    ]
    form_page = FormPage(
        title=f"Release request {row.pk}", section="Release requests",
        crumbs=[("Release requests", reverse("releases"))], state=release_states.WORDS[row.state],
        facts=facts, back=reverse("releases"), submit="Record your answer", template="holding/release.html",
        context={
            "row": row, "copies": copies, "why": _check_results(copies), "rules": queries.named_rules(tuple(_rules(row))),
            "asks": allowed is not None and bool(allowed), "cannot": allowed.reason if allowed is not None else "",
        },
    )  # fmt: skip
    return act_pages.answer(request, ANSWER_RELEASE, row, form_page)


def _check_results(copies: list[HeldCopy]) -> CheckResults | None:
    try:
        return queries.held_copies().check_results(copies[0]) if copies else None
    except (NotInArchive, DamagedFile):
        return None


def _rules(row: Release) -> list[str]:
    return [name for name in row.rules.split(",") if name]
