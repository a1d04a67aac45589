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
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, could, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.queries import violations
from civicmail.desk.holding import findings, queries, tasks
from civicmail.desk.holding.actions import review_findings
from civicmail.desk.holding.actions.review_findings import STATES
from civicmail.desk.holding.models import Finding

CHOICES = [
    ("mine", "waits for you"),
    ("waits", "waits for an answer"),
    ("second", "waits for a second reviewer"),
    ("confirmed", "confirmed"),
    ("over", "over"),
]


class FirstReviewForm(forms.Form):
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
    reason = text_field(
        "Why?", "At least 10 characters. It is kept with the finding; whoever sent the message does not read it.", min_length=10
    )


class SecondReviewForm(forms.Form):
    """Of another reviewer."""

    answer = forms.ChoiceField(
        label="Do you agree?",
        choices=[("yes", "Yes: it does not go with the policy"), ("no", "No: there is nothing in it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer."},
    )
    reason = text_field("Why?", "At least 10 characters.", min_length=10)


class HandOverForm(forms.Form):
    """What the department's head reads."""

    text = text_field(
        "What does the department have to know?",
        "At least 20 characters. It goes to its head.",
        min_length=20,
        max_length=1000,
        rows=5,
    )


@acting("findings.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first; nobody's name but of those that are confirmed."""
    require(request, "findings.see")
    table = listing.from_query(
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
    return listing.render_list(request, "access/list.html", table, {"page": Page("Is this what mail is for?", "Findings")})


@acting("finding.answer")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """The rule, what was seen, a pseudonym; and what the reviewer says."""
    require(request, "findings.see")
    row = get_object_or_404(Finding.objects.select_related("reviewer", "second", "person"), pk=pk)
    form, verb, submit, done_text = _form_for(request, row)
    violation = violations.of_origin(review_findings.origin_of(row))
    facts: list[tuple[str, Any]] = [
        ("Sent by", str(row.person) if row.person else row.pseudonym),
        ("Sent", row.received),
        ("Copies", row.copies),
        ("Other findings about them", findings.count_same_person(row)),
    ]
    page = Page("Is this what mail is for?", "Finding", [("Findings", reverse("findings"))], STATES[row.state], facts)
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=reverse("findings"),
        message=done_text,
        template="holding/finding.html",
        row=row,
        rule=queries.rule_set().rule(row.rule),
        seen=findings.evidence_counts(row),
        submit=submit,
        asks=submit != "",
        violation=violation,
        mandate=bool(could(request, "mandate.ask")),
    )


def _form_for(request: CityRequest, row: Finding) -> tuple[forms.Form, Callable[[], object], str, str]:
    """The form for its state, what it does, the words of its button, and what is said afterwards; "" where there is nothing to ask
    this person."""
    now, data = epoch_ms(request.now), request.POST or None
    actor = request.actor
    form: forms.Form
    if row.state == "second" and may(request, "finding.second", review_findings.second_review_resource(row)):
        form = SecondReviewForm(data)

        def agree() -> object:
            c = form.cleaned_data
            return review_findings.decide_second(row, right=c["answer"] == "yes", actor=actor, reason=c["reason"], now=now)

        return form, agree, "Record your answer", "Your answer is recorded."
    if row.state == "confirmed":
        form = HandOverForm(data)

        def hand() -> object:
            return review_findings.hand_over(row, form.cleaned_data["text"], actor=actor, now=now)

        return form, hand, "Hand over 1 report", "The head of the department is told."
    form = FirstReviewForm(data)

    def answer() -> object:
        c = form.cleaned_data
        return review_findings.answer(row, c["answer"], actor=actor, reason=c["reason"], now=now)

    return form, answer, "Record your answer" if row.state == "open" else "", "Your answer is recorded."


def _in_state(actor: Actor, query: QuerySet[Finding], choice: str) -> QuerySet[Finding]:
    if choice == "mine":
        return query.filter(pk__in=tasks.findings(actor).values("pk"))
    states = {
        "waits": ["open"],
        "second": ["second"],
        "confirmed": ["confirmed"],
        "over": ["nothing", "reminded", "refused", "handed"],
    }
    return query.filter(state__in=states[choice])
