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
from civicmail.city.access.forms import long
from civicmail.city.access.moments import ms
from civicmail.city.access.views import listing
from civicmail.city.access.views.asked import Asked, acting, may, require
from civicmail.city.access.views.confirming import answered
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, releasestates, tasks
from civicmail.desk.holding.actions import releases as verbs
from civicmail.desk.holding.keptback import Copy, Why
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive

WHICH = [("mine", "waits for you"), ("waits", "waits for an answer"), ("over", "answered or over")]
KINDS = {"other": "One officer", "confidential": "Confidential: a privacy officer", "malware": "Malware: two officers"}
SAID = {
    "agreed": "You agreed. A second officer has to say so, too; nothing has gone yet.",
    "released": "It was checked once more, and goes now.",
    "kept": "It stays: the checks were made once more and found something else. Whoever asked is told.",
    "lapsed": "Nothing of it was kept back any more.",
    "refused": "It stays, and whoever asked is told why.",
}


class Answer(forms.Form):
    """Nothing is chosen beforehand."""

    answer = forms.ChoiceField(
        label="May it go?", choices=[("yes", "Yes, if the checks find nothing else"), ("no", "No, it stays")],
        widget=forms.RadioSelect, error_messages={"required": "Choose an answer."},
    )  # fmt: skip
    reason = long("Why?", "At least 10 characters. Whoever asked reads it.", least=10)


@acting("releases.see")
def listed(request: Asked) -> HttpResponseBase:
    """The newest first; what waits is one click away."""
    require(request, "releases.see")
    found = listing.of(
        request,
        Release.objects.all(),
        caption="Requests that something is let go",
        columns=[
            Column("made", "Asked", lambda r: Cell(r.made, reverse("release", args=[r.pk])), ("made",)),
            Column("state", "State", lambda r: Cell(releasestates.WORDS[r.state][1], role=releasestates.WORDS[r.state][0])),
            Column("kind", "Who decides", lambda r: KINDS[r.kind], ("kind", "id"), name="decides"),
            Column("rules", "Kept by rule", lambda r: r.rules.replace(",", ", "), name="by"),
            Column("copies", "Copies", lambda r: len(r.copies), num=True, name="copies"),
            Column("by", "Asked by", lambda r: Cell(str(r.requester), hint="sent it" if r.sender else "it is for them"), name="by"),
        ],
        filters=[
            Filter("state", "State", partial(_in_state, request.actor), WHICH),
            Filter("kind", "Who decides", lambda q, value: q.filter(kind=value), list(KINDS.items())),
        ],
        empty="Nobody has asked that something is let go.",
        noun="requests",
        sort="-made",
        slim=lambda rows: rows.select_related("requester"),
    )
    page = Page("Who asks that something is let go?", "Holding", [("Quarantine", reverse("quarantine"))])
    return listing.shown(request, "access/list.html", found, {"page": page})


@acting("releases.see")
def one(request: Asked, pk: int) -> HttpResponse:
    """What is asked and why, what keeps it, and an answer. Nobody reads the message for this: that takes a mandate."""
    require(request, "releases.see")
    row = get_object_or_404(Release.objects.select_related("requester", "first", "person"), pk=pk)
    act = releasestates.act_of(row.kind, row.state)
    about = queries.about(row)
    allowed = may(request, act, about) if act else None
    if request.method == "POST" and act:
        require(request, act, about)
    form = Answer(request.POST or None)
    copies = [c for c in queries.copies(ms(request.now)) if c.uuid == row.capture and c.index in row.copies]
    facts: list[tuple[str, Any]] = [
        ("Asked by", str(row.requester)),
        ("Asked", row.made),
        ("Copies", len(row.copies)),
        ("Who decides", KINDS[row.kind]),
    ]
    page = Page("May it go?", "Request", [("Requests", reverse("releases"))], releasestates.WORDS[row.state], facts)
    return answered(
        request, form, _verb(request, row, form), page=page, back=reverse("releases"), said=lambda done: SAID[done.state],
        template="holding/release.html", row=row, copies=copies, why=_why(copies), rules=queries.rules(tuple(_rules(row))),
        asks=allowed is not None and bool(allowed), cannot=allowed.why if allowed is not None else "",
    )  # fmt: skip


def _verb(request: Asked, row: Release, form: Answer) -> Callable[[], Release]:
    def verb() -> Release:
        c = form.cleaned_data
        first = row.kind == "malware" and row.state == "asked"
        do = verbs.refuse if c["answer"] == "no" else verbs.agree if first else verbs.release
        return do(row, actor=request.actor, reason=c["reason"], now=ms(request.now))

    return verb


def _why(copies: list[Copy]) -> Why | None:
    try:
        return queries.kept().why(copies[0]) if copies else None
    except (NotInArchive, DamagedFile):
        return None


def _rules(row: Release) -> list[str]:
    return [name for name in row.rules.split(",") if name]


def _in_state(actor: Actor, query: QuerySet[Release], wanted: str) -> QuerySet[Release]:
    if wanted == "mine":
        return query.filter(pk__in=tasks.releases(actor).values("pk"))
    waits = query.filter(state__in=releasestates.OPEN)
    return waits if wanted == "waits" else query.exclude(state__in=releasestates.OPEN)
