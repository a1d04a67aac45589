"""Who says that we were wrong? The list, and the answer to one ("/holding/contests/")."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actors import Actor
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import set_choices, text_field
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.desk.holding import queries, tasks
from civicmail.desk.holding.actions import appeals as verbs
from civicmail.desk.holding.models import Contest

STATES = {
    "": ("wait", "Waits"),
    "upheld": ("quiet", "Stands"),
    "released": ("done", "Let go"),
    "corrected": ("done", "Rule put right"),
}


ANSWER_CHOICES = {
    "upheld": "No: the decision stands",
    "released": "Yes: let it go now, through the checks once more",
    "corrected": "Yes: the rule was put right, and it can be sent again",
}


FILTER_CHOICES = [("mine", "waits for you"), ("waits", "waits"), ("answered", "answered")]
RELEASABLE = ("held", "quarantined", "released")
"""What was decided where something can be let go, or was."""


class AppealAnswerForm(forms.Form):
    """Nothing is chosen beforehand."""

    answer = forms.ChoiceField(label="Was it wrong?", choices=list(ANSWER_CHOICES.items()), widget=forms.RadioSelect)
    reason = text_field(
        "What do you tell them?", "It is on the page of the decision, and goes to their address.", min_length=10, max_length=400
    )

    def __init__(self, has_held: bool, *args: Any) -> None:
        """kept: there is something that can be let go, or somebody did."""
        super().__init__(*args)
        set_choices(self, "answer", [choice for choice in ANSWER_CHOICES.items() if has_held or choice[0] != "released"])


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
    return listing.render_list(request, "access/list.html", table, {"page": Page("Who says that we were wrong?", "Holding")})


@acting("contest.answer")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What they say, and an answer."""
    require(request, "contest.answer")
    row = get_object_or_404(Contest, pk=pk)
    decision = queries.decision(uuid.UUID(row.capture))
    form = AppealAnswerForm(decision is not None and decision.what in RELEASABLE, request.POST or None)

    def answer_appeal() -> Contest:
        cleaned = form.cleaned_data
        return verbs.answer(row, cleaned["answer"], actor=request.actor, reason=cleaned["reason"], now=epoch_ms(request.now))

    facts: list[tuple[str, Any]] = [
        ("Said", row.made),
        ("Rules", row.rules.replace(",", ", ")),
        ("Answer to", row.contact or "nobody"),
    ]
    page = Page("Were we wrong?", "Contest", [("Contests", reverse("contests"))], STATES[row.answer], facts)
    return respond_to_form(
        request,
        form,
        answer_appeal,
        page=page,
        back=reverse("contests"),
        message="The answer is given.",
        template="holding/contest.html",
        row=row,
        where=reverse("decision", args=[row.capture]) if decision is not None else "",
    )


def _in_state(actor: Actor, query: QuerySet[Contest], state: str) -> QuerySet[Contest]:
    if state == "mine":
        return query.filter(pk__in=tasks.contests(actor).values("pk"))
    return query.filter(answer="") if state == "waits" else query.exclude(answer="")
