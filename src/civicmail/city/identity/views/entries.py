"""The audit log: entries of people's acts, for auditors and the access office (pages, "/oversight/audit/"; P-16, A1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode

from civicmail.city.guard import comparison_result
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.comparison_result import ComparisonResult
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import entries as entry_queries
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.identity.queries.entry_links import EntryLinks
from civicmail.city.identity.queries.entry_text import EntryNames
from civicmail.city.pages import display_names, listing, wording
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.entry_words import words
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label

LISTED = 20
_MARK = "not what the journal has"
DAYS = [("1", "the last day"), ("7", "7 days"), ("31", "31 days"), ("366", "a year")]


@acting("entries.see")
def entries(request: CityRequest) -> HttpResponseBase:
    """List entries, newest first. They cannot be changed or hidden: a filter shows how many there are without it."""
    require(request, "entries.see")
    last = comparison_result.read(data_folder())
    is_file = request.GET.get("format") == "csv"
    table = listing.from_query(
        request,
        entry_queries.visible_to(request.actor),
        caption="Entries",
        columns=_stored_columns(_wrong(last)) if is_file else _columns(_wrong(last)),
        filters=[
            Filter("q", f"Person or object, the newest {entry_queries.MAX_ROWS:,}", entry_queries.filter_about),
            Filter("act", "Act", lambda rows, value: rows.filter(act=value), [(a, words(a)) for a in entry_queries.acts()]),
            Filter("since", "Since", lambda rows, value: rows.filter(at__gte=_since(request.now, value)), DAYS),
        ],
        empty="Nothing was recorded yet.",
        noun="entries",
        sort="-when",
        slim=lambda rows: rows.defer("head").annotate(by_name=display_names.name_of("person")),
        prepare=lambda rows: _add_text(rows, request.actor, epoch_ms(request.now)),
    )
    page = Page("Audit log", actions=[Action("Evidence pack", reverse("evidence-pack"))])
    return listing.render_list(request, "identity/entries.html", table, {"page": page, **_comparison_facts(last, request)})


@acting("entries.see")
def entry(request: CityRequest, pk: int) -> HttpResponse:
    """Show one entry with all its facts, and its place in the ledger."""
    require(request, "entries.see")
    row = get_object_or_404(entry_queries.visible_to(request.actor).select_related("carried"), pk=pk)
    carried = getattr(row, "carried", None)
    wrong = _wrong(comparison_result.read(data_folder())).get(row.pk)
    names = EntryNames.of([row])
    page = Page(
        words(row.act),
        "Audit log",
        [("Audit log", reverse("entries"))],
        label("altered" if wrong else "integrated" if carried else "written"),
        [("Entry", str(row.uuid))],
    )
    shown = {
        "page": page, "entry": row, "at": from_ms(row.at), "carried": carried, "facts": names.facts(row),
        "role": wording.role(row.duty), "wrong": wrong, "about": names.object(row),
        "page_url": EntryLinks.of([row], request.actor, epoch_ms(request.now)).url(row),
        "same": f"{reverse('entries')}?{urlencode({'q': row.object})}" if row.object else "",
        "who": display_names.name_and_uid(row.person, names.people.get(row.person)),
        "behalf": display_names.name_and_uid(row.behalf, names.people.get(row.behalf)),
        "stored": orjson.dumps(row.facts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() if row.facts else "",
    }  # fmt: skip
    return render(request, "identity/entry.html", shown)


def _add_text(rows: list[Entry], actor: Actor, now: int) -> None:
    """Add to the entries of a page what they are about, in words, and its page, where this reader may open that."""
    names, links = EntryNames.of(rows), EntryLinks.of(rows, actor, now)
    for row in rows:
        about = Cell(names.object(row), links.url(row), full=True)
        row.about = about  # type: ignore[attr-defined]  # read by the column of the list


def _columns(wrong: Mapping[int, str]) -> list[Column]:
    return [
        Column("act", "Act", lambda e: Cell(words(e.act), reverse("entry", args=[e.pk]), hint=_MARK if e.pk in wrong else "")),
        _WHEN,
        _WHO,
        Column("object", "To what", lambda e: getattr(e, "about", "")),
        *_WHY_AND_WHERE,
    ]


def _stored_columns(wrong: Mapping[int, str]) -> list[Column]:
    """For the file: act and object as they are stored."""
    return [
        Column("act", "Act", lambda e: Cell(e.act, hint=_MARK if e.pk in wrong else "")),
        _WHEN,
        _STORED_WHO,
        Column("object", "To what", lambda e: e.object),
        *_WHY_AND_WHERE,
    ]


_WHEN = Column("when", "When", lambda e: datetime.fromtimestamp(e.at / 1000, UTC), ("id",))  # needs no sorting
_WHO = Column("person", "Who", lambda e: Cell(display_names.shown_name(e.person, e.by_name), hint=wording.role(e.duty)), name="by")
_STORED_WHO = Column(
    "person", "Who", lambda e: Cell(display_names.name_and_uid(e.person, e.by_name), hint=wording.role(e.duty)), name="by"
)
_WHY_AND_WHERE = (Column("reason", "Why", lambda e: e.reason), Column("client", "From", lambda e: e.client, name="from"))


def _wrong(last: ComparisonResult | None) -> dict[int, str]:
    """Rows that differ from the journals, and how."""
    return {d.row: d.text for d in last.differences if d.row} if last is not None else {}


def _comparison_facts(last: ComparisonResult | None, request: CityRequest) -> dict[str, object]:
    """Facts of the last comparison for the page. Only auditors see which entries they are, because some belong to examinations."""
    if last is None:
        return {"compared": None}
    listed = [d.text for d in last.differences[:LISTED]] if request.actor.holds("auditor") else []
    return {"compared": last, "compared_at": from_ms(last.at), "listed": listed, "more": last.count - len(listed)}


def _since(now: datetime, days: str) -> int:
    return epoch_ms(now - timedelta(days=int(days)))
