"""Who asks that something is let go, and may it? The list, and the answer to one ("/holding/releases/")."""

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
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, release_states, tasks
from civicmail.desk.holding.actions import release_requests as verbs
from civicmail.desk.holding.held_copies import CheckResults, HeldCopy
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive

FILTER_CHOICES = [("mine", "waits for you"), ("waits", "waits for an answer"), ("over", "answered or over")]
KINDS = {"other": "One officer", "confidential": "Confidential: a privacy officer", "malware": "Malware: two officers"}
DONE_TEXTS = {
    "agreed": "You agreed. A second officer has to say so, too; nothing has gone yet.",
    "released": "It was checked once more, and goes now.",
    "kept": "It stays: the checks were made once more and found something else. Whoever asked is told.",
    "lapsed": "Nothing of it was kept back any more.",
    "refused": "It stays, and whoever asked is told why.",
}


class AnswerForm(forms.Form):
    """Nothing is chosen beforehand."""

    answer = forms.ChoiceField(
        label="May it go?", choices=[("yes", "Yes, if the checks find nothing else"), ("no", "No, it stays")],
        widget=forms.RadioSelect, error_messages={"required": "Choose an answer."},
    )  # fmt: skip
    reason = text_field("Why?", "At least 10 characters. Whoever asked reads it.", min_length=10)


@acting("releases.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first; what waits is one click away."""
    require(request, "releases.see")
    table = listing.from_query(
        request,
        Release.objects.all(),
        caption="Requests that something is let go",
        columns=[
            Column("made", "Asked", lambda r: Cell(r.made, reverse("release", args=[r.pk])), ("made",)),
            Column("state", "State", lambda r: Cell(release_states.WORDS[r.state][1], role=release_states.WORDS[r.state][0])),
            Column("kind", "Who decides", lambda r: KINDS[r.kind], ("kind", "id"), name="decides"),
            Column("rules", "Kept by rule", lambda r: r.rules.replace(",", ", "), name="by"),
            Column("copies", "Copies", lambda r: len(r.copies), num=True, name="copies"),
            Column("by", "Asked by", lambda r: Cell(str(r.requester), hint="sent it" if r.sender else "it is for them"), name="by"),
        ],
        filters=[
            Filter("state", "State", partial(_in_state, request.actor), FILTER_CHOICES),
            Filter("kind", "Who decides", lambda q, value: q.filter(kind=value), list(KINDS.items())),
        ],
        empty="Nobody has asked that something is let go.",
        noun="requests",
        sort="-made",
        slim=lambda rows: rows.select_related("requester"),
    )
    page = Page("Who asks that something is let go?", "Holding", [("Quarantine", reverse("quarantine"))])
    return listing.render_list(request, "access/list.html", table, {"page": page})


@acting("releases.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What is asked and why, what keeps it, and an answer. Nobody reads the message for this: that takes a mandate."""
    require(request, "releases.see")
    row = get_object_or_404(Release.objects.select_related("requester", "first", "person"), pk=pk)
    act = release_states.act_of(row.kind, row.state)
    resource = queries.release_resource(row)
    allowed = may(request, act, resource) if act else None
    if request.method == "POST" and act:
        require(request, act, resource)
    form = AnswerForm(request.POST or None)
    copies = [c for c in queries.copies(epoch_ms(request.now)) if c.uuid == row.capture and c.index in row.copies]
    facts: list[tuple[str, Any]] = [
        ("Asked by", str(row.requester)),
        ("Asked", row.made),
        ("Copies", len(row.copies)),
        ("Who decides", KINDS[row.kind]),
    ]
    page = Page("May it go?", "Request", [("Requests", reverse("releases"))], release_states.WORDS[row.state], facts)
    return respond_to_form(
        request,
        form,
        _verb(request, row, form),
        page=page,
        back=reverse("releases"),
        message=lambda done: DONE_TEXTS[done.state],
        template="holding/release.html",
        row=row,
        copies=copies,
        why=_check_results(copies),
        rules=queries.named_rules(tuple(_rules(row))),
        asks=allowed is not None and bool(allowed),
        cannot=allowed.reason if allowed is not None else "",
    )


def _verb(request: CityRequest, row: Release, form: AnswerForm) -> Callable[[], Release]:
    def verb() -> Release:
        cleaned = form.cleaned_data
        first = row.kind == "malware" and row.state == "asked"
        do = verbs.deny if cleaned["answer"] == "no" else verbs.agree if first else verbs.release
        return do(row, actor=request.actor, reason=cleaned["reason"], now=epoch_ms(request.now))

    return verb


def _check_results(copies: list[HeldCopy]) -> CheckResults | None:
    try:
        return queries.held_copies().check_results(copies[0]) if copies else None
    except (NotInArchive, DamagedFile):
        return None


def _rules(row: Release) -> list[str]:
    return [name for name in row.rules.split(",") if name]


def _in_state(actor: Actor, query: QuerySet[Release], choice: str) -> QuerySet[Release]:
    if choice == "mine":
        return query.filter(pk__in=tasks.releases(actor).values("pk"))
    pending = query.filter(state__in=release_states.OPEN)
    return pending if choice == "waits" else query.exclude(state__in=release_states.OPEN)
