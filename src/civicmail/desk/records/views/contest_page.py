"""One contest: what the requester objects to, in their words, and the answer."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.queries import four_eyes
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.actions import contests
from civicmail.desk.records.confidential_numbers import masked
from civicmail.desk.records.models import Contest, Decision, Item, Redaction, Request
from civicmail.desk.records.queries.contestable import content_of, contestable
from civicmail.desk.records.states import CONTEST
from civicmail.desk.records.views import request_page

MAX_SHOWN = 4_000
"""Characters of a contest that the status page repeats."""


@acting("records.see")
def contest(request: CityRequest, pk: int) -> HttpResponse:
    """Show a contest, with what was decided about it and by whom."""
    require(request, "records.see")
    row = get_object_or_404(Contest.objects.select_related("request__custodian", "by"), pk=pk)
    content = content_of(row)
    may_answer = four_eyes.may(request.actor, "records.contest", contests.about(row), now=epoch_ms(request.now))
    actions = (
        [Action("Answer", reverse("records-contest-answer", args=[row.pk]), True)] if row.state == "open" and may_answer else []
    )
    shown: dict[str, Any] = {
        "page": head(row, actions=actions),
        "row": row,
        "redaction": Redaction.objects.filter(request=row.request, number=row.redaction).select_related("by").first(),
        "decisions": Decision.objects.filter(request=row.request, content=content).select_related("by", "confirmed_by"),
        "item": Item.objects.filter(request=row.request, content=content).order_by("number").first() if content else None,
    }
    return render(request, "records/contest.html", shown)


def head(row: Contest, heading: str = "", **more: Any) -> Page:
    """The head of the pages of one contest. heading: of a page below it."""
    here = [("Contests", reverse("records-request-contests", args=[row.request.number]))]
    title = f"Contest of {contests.what(row)}"
    if heading:
        here.append((title, url(row)))
    page = request_page.page(row.request, heading or title)
    facts: list[tuple[str, Any]] = [("Contested on", row.made)]
    if row.answered is not None:
        facts += [("Answered", row.answered), ("By", row.by.display if row.by else "")]
    return Page(page.h1, page.section, [*page.crumbs, *here], CONTEST[row.state], facts, **more)


def url(row: Contest) -> str:
    """The page of a contest."""
    return reverse("records-contest", args=[row.pk])


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page shows of contests: each with its answer, and the way to a further one."""
    rows = [(contests.what(one), CONTEST[one.state], masked(one.text[:MAX_SHOWN]), one) for one in row.contests.order_by("pk")]
    may_contest = row.suit is None and bool(contestable(row))
    return {"template": "records/public_contests.html", "contests": rows, "may_contest": may_contest, "token": token}
