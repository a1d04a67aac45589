"""Appeals: the list, and the answer to one ("/holding/contests/")."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.desk.holding import queries
from civicmail.desk.holding.acts.appeals import ANSWER_APPEAL
from civicmail.desk.holding.lists.appeals import STATES


@acting("contest.answer")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show one appeal and the form for the answer."""
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
        title="Appeal", section="Appeal", crumbs=[("Appeals", back)], state=STATES[row.answer], facts=facts, back=back,
        submit="Answer 1 contest", template="holding/contest.html",
        context={"row": row, "where": reverse("decision", args=[row.capture]) if decision is not None else ""},
    )  # fmt: skip
    return act_pages.answer(request, ANSWER_APPEAL, row, form_page)
