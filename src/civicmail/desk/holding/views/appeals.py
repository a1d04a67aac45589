"""Who says that we were wrong? The list, and the answer to one ("/holding/contests/")."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.desk.holding import queries, tasks
from civicmail.desk.holding.acts.appeals import ANSWER_APPEAL
from civicmail.desk.holding.models import Contest

STATES = {
    "": ("wait", "Waits"),
    "upheld": ("quiet", "Stands"),
    "released": ("done", "Let go"),
    "corrected": ("done", "Rule put right"),
}


FILTER_CHOICES = [("mine", "waits for you"), ("waits", "waits"), ("answered", "answered")]


@acting("contests.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first; what waits is one click away."""
    require(request, "contests.see")
    table = listing.from_query(
        request,
        Contest.objects.select_related("person"),
        caption="Contested decisions",
        columns=[
            Column("made", "Said", lambda c: Cell(c.made, reverse("contest", args=[c.pk])), ("made",)),
            Column("state", "State", lambda c: Cell(STATES[c.answer][1], role=STATES[c.answer][0]), ("answer",)),
            Column("rules", "Rules", lambda c: c.rules.replace(",", ", "), name="rules"),
            Column("by", "Answered by", lambda c: c.person or "", name="by"),
        ],
        filters=[Filter("state", "State", partial(_in_state, request.actor), FILTER_CHOICES)],
        empty="Nobody has contested a decision.",
        noun="contests",
        sort="-made",
    )
    return listing.render_list(request, "pages/list.html", table, {"page": Page("Who says that we were wrong?", "Holding")})


@acting("contest.answer")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What they say, and an answer."""
    require(request, "contest.answer")
    row = act_pages.row_of(ANSWER_APPEAL, pk, actor=request.actor, now=epoch_ms(request.now))
    decision = queries.decision(uuid.UUID(row.capture))
    facts: list[tuple[str, Any]] = [
        ("Said", row.made),
        ("Rules", row.rules.replace(",", ", ")),
        ("Answer to", row.contact or "nobody"),
    ]
    back = reverse("contests")
    form_page = FormPage(
        title="Were we wrong?", section="Contest", crumbs=[("Contests", back)], state=STATES[row.answer], facts=facts, back=back,
        submit="Answer 1 contest", template="holding/contest.html",
        context={"row": row, "where": reverse("decision", args=[row.capture]) if decision is not None else ""},
    )  # fmt: skip
    return act_pages.answer(request, ANSWER_APPEAL, row, form_page)


def _in_state(actor: Actor, query: QuerySet[Contest], state: str) -> QuerySet[Contest]:
    if state == "mine":
        return query.filter(pk__in=tasks.contests(actor).values("pk"))
    return query.filter(answer="") if state == "waits" else query.exclude(answer="")
