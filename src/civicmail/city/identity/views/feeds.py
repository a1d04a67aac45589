"""The personnel feed: preview its changes line by line, apply it as a whole, or reject it (P-08, L7)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.directory import feed_table
from civicmail.city.directory.models import FeedLine, FeedRun
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import feed, feedmaps
from civicmail.city.pages import display_names, listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import FeedUploadForm
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices, labels

STATES = labels("applied", "failed", proposed="pending", stopped="held", rejected="denied", live="applied")
SOURCES = {"file": "File", "ldap": "LDAP", "scim": "SCIM"}
DID = {"ended": ("stop", "Ended"), "refused": ("warn", "Rejected"), "changed": ("plain", "Changed"), "added": ("plain", "Added")}
OPEN = ("proposed", "stopped")


@acting("feed.run")
def feeds(request: CityRequest) -> HttpResponseBase:
    """List all feeds read."""
    require(request, "feed.run")
    table = listing.from_query(
        request,
        FeedRun.objects.annotate(by_name=display_names.name_of("by")),
        caption="Personnel lists that were read",
        columns=[
            Column("source", "Source", lambda r: Cell(r.source, reverse("feed", args=[r.pk]), hint=SOURCES[r.kind]), ("source",)),
            Column("at", "Read", lambda r: r.at, ("at",)),
            Column("rows", "Lines", lambda r: r.rows, ("rows",), num=True, name="lines"),
            Column("state", "State", lambda r: STATES[r.state]),
            Column("by", "By", lambda r: Cell(display_names.shown_name(r.by, r.by_name), hint=r.reason), ("by",), name="by"),
        ],
        filters=[
            Filter("kind", "Source", lambda rows, value: rows.filter(kind=value), list(SOURCES.items())),
            Filter("state", "State", _in_state, [("open", "Waits for you"), *choices(STATES, live="as it came")]),
        ],
        empty="No personnel list was read yet.",
        noun="lists",
        sort="-at",
    )
    actions = [
        Action("Read a list", reverse("feed-new"), primary=True),
        Action("Identity providers", reverse("feed-keys")),
        Action("Mappings of files", reverse("feed-maps")),
    ]
    page = Page("Personnel feed", "Access office", actions=actions)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting("feed.run")
def new(request: CityRequest) -> HttpResponse:
    """Read a file; nothing is changed by that."""
    require(request, "feed.run")
    form = FeedUploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else FeedUploadForm()
    if request.method == "POST" and form.is_valid():
        to = run_verb(form, lambda: _read(request, form.cleaned_data["file"]))
        if to is not None:
            return redirect(to)
    page = Page("Upload a personnel list", "Personnel feed", [("Personnel feed", reverse("feeds"))])
    shown = {"page": page, "form": form, "submit": "Read the list", "back": reverse("feeds")}
    return render(request, "pages/form.html", shown, status=status_of(form))


def _read(request: CityRequest, file: Any) -> str:
    """The next page: the preview of the list, or the question about its columns."""
    content, now = file.read(), epoch_ms(request.now)
    table = feed_table.read(content)
    if table.is_ours:
        made = feed.propose(content, source=file.name, actor=request.actor, now=now)
    elif (saved := feedmaps.find_mapping(table)) is not None:
        mapping = feedmaps.columns_of(saved)
        made = feedmaps.propose(content, mapping, source=file.name, actor=request.actor, now=now)
    else:
        return reverse("feed-map", args=[feedmaps.keep(content, file.name, actor=request.actor, now=now).pk])
    return reverse("feed", args=[made.pk])


@acting("feed.run")
def run(request: CityRequest, pk: int) -> HttpResponseBase:
    """Show the effects of one list: the ended and the refused first."""
    require(request, "feed.run")
    row = get_object_or_404(FeedRun, pk=pk)
    counts = Counter(dict(row.lines.order_by().values_list("did").annotate(n=Count("id"))))
    table = listing.from_query(
        request,
        row.lines.annotate(name=display_names.name_of("uid")),
        caption="Lines",
        columns=[
            Column("uid", "Number", lambda n: Cell(n.uid or "none", hint=_name(n)), ("uid",)),
            Column("did", "What", lambda n: DID[n.did], ("did", "line")),
            Column("changes", "From and to", lambda n: Cell(_changes(n), full=True)),
            Column("reason", "Why", lambda n: n.reason),
            Column("line", "Line", lambda n: n.line or "", ("line",), num=True, name="line"),
        ],
        filters=[
            Filter("q", "Number", lambda rows, value: rows.filter(uid__icontains=value)),
            Filter("did", "What", lambda rows, value: rows.filter(did=value), [(k, w) for k, (_, w) in DID.items()]),
        ],
        empty="Nothing is different from what is known.",
        noun="lines",
        sort="line",
    )
    facts = [("Read", row.at), ("Lines", row.rows), *((DID[d][1], counts[d]) for d in ("added", "changed", "ended", "refused"))]
    actions = []
    if row.state in OPEN:
        actions = [
            Action("Apply…", reverse("feed-apply", args=[pk]), primary=True),
            Action("Reject…", reverse("feed-reject", args=[pk])),
        ]
    page = Page(row.source, "Personnel feed", [("Personnel feed", reverse("feeds"))], STATES[row.state], facts, actions)
    return listing.render_list(request, "identity/feed.html", table, {"page": page, "run": row, "refused": counts["refused"]})


def _name(line: Any) -> str:
    """The name of a line's person: from the directory, or from the list for a new person; "" without either."""
    return str(line.name or line.changes.get("display", ("", ""))[1] or "")


def _changes(line: FeedLine) -> str:
    """ "position: Clerk, then Inspector; phone: 4711"."""
    changes = []
    for name, (before, after) in sorted(line.changes.items()):
        if before or after:  # what a list leaves empty is no news
            changes.append(f"{name}: {before} to {after or 'none'}" if before else f"{name}: {after}")
    return "; ".join(changes)


def _in_state(rows: QuerySet[FeedRun], state: str) -> QuerySet[FeedRun]:
    return rows.filter(state__in=OPEN) if state == "open" else rows.filter(state=state)
