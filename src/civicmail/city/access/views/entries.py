"""What was recorded: entries of people's acts, for auditors and the access office (pages, "/oversight/audit/"; P-16, A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.access import compared
from civicmail.city.access.actions.publishing import data_folder
from civicmail.city.access.compared import Compared
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries import entries as found_by
from civicmail.city.access.queries import named
from civicmail.city.access.views import listing, saying
from civicmail.city.access.views.asked import Asked, acting, require
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page

LISTED = 20
_MARK = "not what the journal has"
DAYS = [("1", "the last day"), ("7", "7 days"), ("31", "31 days"), ("366", "a year")]


@acting("entries.see")
def entries(request: Asked) -> HttpResponseBase:
    """The newest first. Nothing of it can be changed or hidden: a filter says how many there are without it."""
    require(request, "entries.see")
    last = compared.read(data_folder())
    found = listing.of(
        request,
        found_by.seen_by(request.actor),
        caption="Entries",
        columns=_columns(_wrong(last)),
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
    return listing.shown(request, "access/entries.html", found, {"page": page, **_told(last, request)})


@acting("entries.see")
def entry(request: Asked, pk: int) -> HttpResponse:
    """One entry with all that it says, and where the ledger has it."""
    require(request, "entries.see")
    found = get_object_or_404(found_by.seen_by(request.actor).select_related("carried"), pk=pk)
    carried = getattr(found, "carried", None)
    wrong = _wrong(compared.read(data_folder())).get(found.pk)
    there = ("done", "In the ledger") if carried else ("wait", "On its way to the ledger")
    page = Page(
        found.act,
        "Entries",
        [("Entries", reverse("entries"))],
        ("stop", "Not what the journal has") if wrong else there,
        [("Entry", str(found.uuid))],
    )
    facts = sorted(found.facts.items()) if isinstance(found.facts, dict) else []
    names = named.those({found.person, found.behalf})
    shown = {
        "page": page, "entry": found, "at": moment(found.at), "carried": carried, "facts": facts, "duty": saying.duty(found.duty),
        "wrong": wrong, "who": named.both(found.person, names.get(found.person)),
        "behalf": named.both(found.behalf, names.get(found.behalf)),
    }  # fmt: skip
    return render(request, "access/entry.html", shown)


def _columns(wrong: Mapping[int, str]) -> list[Column]:
    return [
        Column("act", "Act", lambda e: Cell(e.act, reverse("entry", args=[e.pk]), hint=_MARK if e.pk in wrong else "")),
        Column("when", "When", lambda e: datetime.fromtimestamp(e.at / 1000, UTC), ("id",)),  # needs no sorting
        Column("person", "Who", lambda e: Cell(named.both(e.person, e.by_name), hint=saying.duty(e.duty)), name="by"),
        Column("object", "To what", lambda e: Cell(e.object, full=True)),
        Column("reason", "Why", lambda e: e.reason),
        Column("client", "From", lambda e: e.client, name="from"),
    ]


def _wrong(last: Compared | None) -> dict[int, str]:
    """Rows that are not what the journals say, and what is wrong with each."""
    return {d.row: d.text for d in last.differences if d.row} if last is not None else {}


def _told(last: Compared | None, request: Asked) -> dict[str, object]:
    """What the page says of the last comparison; which entries they are only auditors read, because some are of mandates."""
    if last is None:
        return {"compared": None}
    listed = [d.text for d in last.differences[:LISTED]] if request.actor.holds("auditor") else []
    return {"compared": last, "compared_at": moment(last.at), "listed": listed, "more": last.count - len(listed)}


def _since(now: datetime, days: str) -> int:
    return ms(now - timedelta(days=int(days)))
