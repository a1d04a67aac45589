"""Is this what mail is for? The queue of use reviewers, and the answers to one finding ("/holding/findings/")."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actors import Actor
from civicmail.city.access.forms import long
from civicmail.city.access.moments import ms
from civicmail.city.access.views import listing
from civicmail.city.access.views.asked import Asked, acting, could, may, require
from civicmail.city.access.views.confirming import answered
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.queries import violations
from civicmail.desk.holding import findings, queries, tasks
from civicmail.desk.holding.actions import reviewing
from civicmail.desk.holding.actions.reviewing import STATES
from civicmail.desk.holding.models import Finding

CHOICES = [
    ("mine", "waits for you"),
    ("waits", "waits for an answer"),
    ("second", "waits for a second reviewer"),
    ("confirmed", "confirmed"),
    ("over", "over"),
]


class First(forms.Form):
    """Nothing is chosen beforehand."""

    answer = forms.ChoiceField(
        label="What is it?",
        choices=[
            ("nothing", "Nothing: the rule is wrong about it, or it does not matter"),
            ("reminded", "A slip: remind whoever sent it, in a friendly way"),
            ("second", "More than that: a second reviewer looks at it, too"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer."},
    )
    reason = long(
        "Why?", "At least 10 characters. It is kept with the finding; whoever sent the message does not read it.", least=10
    )


class Second(forms.Form):
    """Of another reviewer."""

    answer = forms.ChoiceField(
        label="Do you agree?",
        choices=[("yes", "Yes: it does not go with the policy"), ("no", "No: there is nothing in it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer."},
    )
    reason = long("Why?", "At least 10 characters.", least=10)


class Handing(forms.Form):
    """What the department's head reads."""

    text = long(
        "What does the department have to know?", "At least 20 characters. It goes to its head.", least=20, most=1000, rows=5
    )


@acting("findings.see")
def listed(request: Asked) -> HttpResponseBase:
    """The newest first; nobody's name but of those that are confirmed."""
    require(request, "findings.see")
    found = listing.of(
        request,
        Finding.objects.all(),
        caption="Findings about what mail is used for",
        columns=[
            Column("received", "Sent", lambda f: Cell(f.received, reverse("finding", args=[f.pk])), ("received",)),
            Column("state", "State", lambda f: Cell(STATES[f.state][1], role=STATES[f.state][0])),
            Column("rule", "Rule", lambda f: Cell(f.rule, hint=f.clause), ("rule",), name="rule"),
            Column("who", "Who", lambda f: str(f.person) if f.person else f.pseudonym, name="by"),
            Column("copies", "Copies", lambda f: f.copies, ("copies",), num=True, name="copies"),
        ],
        filters=[Filter("state", "State", partial(_in_state, request.actor), CHOICES)],
        empty="No rule has found anything that a person should look at.",
        noun="findings",
        sort="-received",
        slim=lambda rows: rows.select_related("person"),
    )
    return listing.shown(request, "access/list.html", found, {"page": Page("Is this what mail is for?", "Findings")})


@acting("finding.answer")
def finding(request: Asked, pk: int) -> HttpResponse:
    """The rule, what was seen, a pseudonym; and what the reviewer says."""
    require(request, "findings.see")
    row = get_object_or_404(Finding.objects.select_related("reviewer", "second", "person"), pk=pk)
    form, verb, submit, said = _asking(request, row)
    handed = violations.of_origin(reviewing.origin_of(row))
    facts: list[tuple[str, Any]] = [
        ("Sent by", str(row.person) if row.person else row.pseudonym),
        ("Sent", row.received),
        ("Copies", row.copies),
        ("Other findings about them", findings.of_the_same(row)),
    ]
    page = Page("Is this what mail is for?", "Finding", [("Findings", reverse("findings"))], STATES[row.state], facts)
    return answered(
        request, form, verb, page=page, back=reverse("findings"), said=said, template="holding/finding.html", row=row,
        rule=queries.book().rule(row.rule), seen=findings.seen(row), submit=submit, asks=submit != "", violation=handed,
        mandate=bool(could(request, "mandate.ask")),
    )  # fmt: skip


def _asking(request: Asked, row: Finding) -> tuple[forms.Form, Callable[[], object], str, str]:
    """The form for its state, what it does, the words of its button, and what is said afterwards; "" where there is nothing to ask
    this person."""
    now, data = ms(request.now), request.POST or None
    actor = request.actor
    form: forms.Form
    if row.state == "second" and may(request, "finding.second", reviewing.about_second(row)):
        form = Second(data)

        def agree() -> object:
            c = form.cleaned_data
            return reviewing.second(row, right=c["answer"] == "yes", actor=actor, reason=c["reason"], now=now)

        return form, agree, "Record your answer", "Your answer is recorded."
    if row.state == "confirmed":
        form = Handing(data)

        def hand() -> object:
            return reviewing.hand_over(row, form.cleaned_data["text"], actor=actor, now=now)

        return form, hand, "Hand over 1 report", "The head of the department is told."
    form = First(data)

    def answer() -> object:
        c = form.cleaned_data
        return reviewing.answer(row, c["answer"], actor=actor, reason=c["reason"], now=now)

    return form, answer, "Record your answer" if row.state == "open" else "", "Your answer is recorded."


def _in_state(actor: Actor, query: QuerySet[Finding], wanted: str) -> QuerySet[Finding]:
    if wanted == "mine":
        return query.filter(pk__in=tasks.findings(actor).values("pk"))
    states = {
        "waits": ["open"],
        "second": ["second"],
        "confirmed": ["confirmed"],
        "over": ["nothing", "reminded", "refused", "handed"],
    }
    return query.filter(state__in=states[wanted])
