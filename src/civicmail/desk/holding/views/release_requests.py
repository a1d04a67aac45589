"""Who asks that something is let go, and may it? The list, and the answer to one ("/holding/releases/")."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, release_states, tasks
from civicmail.desk.holding.acts.release_requests import ANSWER_RELEASE
from civicmail.desk.holding.held_copies import CheckResults, HeldCopy
from civicmail.desk.holding.models import Release
from civicmail.mail.archive.errors import NotInArchive

FILTER_CHOICES = [("mine", "waits for you"), ("waits", "waits for an answer"), ("over", "answered or over")]
KINDS = {"other": "One officer", "confidential": "Confidential: a privacy officer", "malware": "Malware: two officers"}


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
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting("releases.see")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What is asked and why, what keeps it, and an answer. Nobody reads the message for this: that takes a mandate."""
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
        title="May it go?", section="Request", crumbs=[("Requests", reverse("releases"))], state=release_states.WORDS[row.state],
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


def _in_state(actor: Actor, query: QuerySet[Release], choice: str) -> QuerySet[Release]:
    if choice == "mine":
        return query.filter(pk__in=tasks.releases(actor).values("pk"))
    pending = query.filter(state__in=release_states.OPEN)
    return pending if choice == "waits" else query.exclude(state__in=release_states.OPEN)
