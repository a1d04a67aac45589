"""What was recorded: entries of people's acts, for auditors and the access office (pages, "/oversight/audit/"; P-16, A1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries import entries as found_by
from civicmail.city.access.queries import named
from civicmail.city.access.views import listing, saying
from civicmail.city.access.views.asked import Asked, acting, require
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page

DAYS = [("1", "the last day"), ("7", "7 days"), ("31", "31 days"), ("366", "a year")]


@acting("entries.see")
def entries(request: Asked) -> HttpResponseBase:
    """The newest first. Nothing of it can be changed or hidden: a filter says how many there are without it."""
    require(request, "entries.see")
    found = listing.of(
        request,
        found_by.seen_by(request.actor),
        caption="Entries",
        columns=_columns(),
        filters=[
            Filter("q", f"Person or object, the newest {found_by.MOST:,}", found_by.about),
            Filter("act", "Act", lambda rows, value: rows.filter(act=value), [(a, a) for a in found_by.acts()]),
            Filter("since", "Since", lambda rows, value: rows.filter(at__gte=_since(request.now, value)), DAYS),
        ],
        empty="Nothing was recorded yet.",
        noun="entries",
        sort="-when",
        slim=lambda rows: rows.defer("head", "facts").annotate(by_name=named.name_of("person")),
    )
    page = Page("What was recorded?", "Entries")
    return listing.shown(request, "access/list.html", found, {"page": page})


@acting("entries.see")
def entry(request: Asked, pk: int) -> HttpResponse:
    """One entry with all that it says, and where the ledger has it."""
    require(request, "entries.see")
    found = get_object_or_404(found_by.seen_by(request.actor).select_related("carried"), pk=pk)
    carried = getattr(found, "carried", None)
    page = Page(
        found.act,
        "Entries",
        [("Entries", reverse("entries"))],
        ("done", "In the ledger") if carried else ("wait", "On its way to the ledger"),
        [("Entry", str(found.uuid))],
    )
    facts = sorted(found.facts.items()) if isinstance(found.facts, dict) else []
    names = named.those({found.person, found.behalf})
    shown = {
        "page": page, "entry": found, "at": moment(found.at), "carried": carried, "facts": facts, "duty": saying.duty(found.duty),
        "who": named.both(found.person, names.get(found.person)), "behalf": named.both(found.behalf, names.get(found.behalf)),
    }  # fmt: skip
    return render(request, "access/entry.html", shown)


def _columns() -> list[Column]:
    return [
        Column("act", "Act", lambda e: Cell(e.act, reverse("entry", args=[e.pk]))),
        Column("when", "When", lambda e: datetime.fromtimestamp(e.at / 1000, UTC), ("id",)),  # needs no sorting
        Column("person", "Who", lambda e: Cell(named.both(e.person, e.by_name), hint=saying.duty(e.duty)), name="by"),
        Column("object", "To what", lambda e: Cell(e.object, full=True)),
        Column("reason", "Why", lambda e: e.reason),
        Column("client", "From", lambda e: e.client, name="from"),
    ]


def _since(now: datetime, days: str) -> int:
    return ms(now - timedelta(days=int(days)))
