"""Content views of mail that was not one's own, and the weekly sample for the auditor ("/oversight/viewings/")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.guard.reveals import NEXT, REASONS
from civicmail.city.identity.queries.entry_text import EntryNames
from civicmail.city.pages import display_names, listing, wording
from civicmail.city.pages.city_request import CityRequest, acting, could, may, or_404, require, require_could
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label
from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.queries import content_views as queries
from civicmail.desk.oversight.queries.content_views import KINDS, Sample

DAYS = [("1", "the last day"), ("7", "7 days"), ("31", "31 days"), ("366", "a year")]


@acting("viewings.see")
def viewings(request: CityRequest) -> HttpResponseBase:
    """The newest first; a system administrator sees one's own."""
    require(request, "viewings.see")
    audits = bool(could(request, "viewings.mark"))
    table = listing.from_query(
        request,
        queries.viewings(request.actor),
        caption="Looks at mail",
        columns=_columns(links=bool(may(request, "entries.see")), stored=request.GET.get("format") == "csv"),
        filters=[
            Filter("q", "Person or object", _words),
            Filter("kind", "What", lambda rows, value: rows.filter(act=value), list(KINDS.items())),
            Filter("since", "Since", lambda rows, value: rows.filter(at__gte=_since(request.now, value)), DAYS),
        ],
        empty="Nobody has looked at mail of others yet." if audits else "You have looked at no mail of others.",
        noun="looks",
        sort="-when",
        slim=lambda rows: rows.defer("head").annotate(by_name=display_names.name_of("person")),
        prepare=_add_objects,
    )
    acts = [Action("I saw something by accident…", reverse("accident"))]
    if audits:
        acts.append(Action("Weekly sample", reverse("viewings-sample"), primary=True))
    page = Page("Content views", "Oversight", actions=acts)
    shown = {"page": page, "audits": audits, "open": [s for s in queries.weeks(request.now) if s.open] if audits else []}
    return listing.render_list(request, "oversight/viewings.html", table, shown)


@acting("viewings.mark")
def sample(request: CityRequest) -> HttpResponseBase:
    """What was drawn of a week, and whether somebody has looked at it."""
    require_could(request, "viewings.mark")
    week = request.GET.get("week") or sampling.last_whole(timezone.localdate(request.now))
    drawn = or_404(queries.sample_of(week, request.now))
    names = display_names.names_by_uid({e.person for pair in drawn.drawn for e in pair if e is not None})
    is_open = request.GET.get("open") == "yes"
    _add_objects([e for e, _ in drawn.drawn])
    rows = [{"pk": e.pk, "entry": e, "mark": mark, "names": names} for e, mark in drawn.drawn if not (is_open and mark)]
    table = listing.from_rows(
        request,
        rows,
        caption=f"Reveals of {week} that were drawn",
        columns=[
            Column("when", "Reveal", _drawn),
            Column("person", "Who", _who, name="by"),
            Column("object", "To what", lambda r: r["entry"].about),
            Column("reason", "Why", lambda r: Cell(r["entry"].reason, hint=kind_of_reason(r["entry"]))),
            Column("looked", "Looked at", _mark),
        ],
        empty=_nothing(drawn),
        noun="reveals of the sample",
        keep=["week", "open"],
    )
    crumbs = [("Content views", reverse("viewings"))]
    facts = [("Reveals", drawn.reveals), ("Drawn", len(drawn.drawn)), ("To look at", drawn.open)]
    state = label("running" if not drawn.over else "open" if drawn.open else "done")
    page = Page(f"Content views to review: week of {_day(drawn.monday)}", "Oversight", crumbs, state, facts)
    shown = {"page": page, "weeks": [(s, _day(s.monday), sample_url(s.week)) for s in queries.weeks(request.now)], "week": week}
    return listing.render_list(request, "oversight/sample.html", table, shown)


def _add_objects(rows: Sequence[Entry]) -> None:
    """Add to the entries of a page what was looked at, in words. Three queries; the entry's page leads on."""
    names = EntryNames.of(rows)
    for row in rows:
        row.about = Cell(names.object(row), full=True)  # type: ignore[attr-defined]  # read by the column


def _columns(*, links: bool, stored: bool) -> list[Column]:
    """links: to the entries; stored: for the file, numbers beside names and objects as they are stored."""
    shown = display_names.name_and_uid if stored else display_names.shown_name
    return [
        Column("kind", "What", lambda e: Cell(KINDS[e.act], reverse("entry", args=[e.pk]) if links else ""), ("act",)),
        Column("when", "When", lambda e: datetime.fromtimestamp(e.at / 1000, UTC), ("id",)),
        Column("person", "Who", lambda e: Cell(shown(e.person, e.by_name), hint=wording.role(e.duty)), ("person",), name="by"),
        Column("object", "To what", lambda e: e.object if stored else getattr(e, "about", "")),
        Column("reason", "Why", lambda e: Cell(e.reason, hint=kind_of_reason(e))),
    ]


def kind_of_reason(e: Entry) -> str:
    """What a reveal gave as its kind of reason, and what was done next after an accident."""
    return REASONS.get(str(e.facts.get("code")), "") or NEXT.get(str(e.facts.get("next")), "")


def _drawn(row: dict[str, Any]) -> Cell:
    e: Entry = row["entry"]
    when = date_format(timezone.localtime(from_ms(e.at)), "l, M j, g:i a")
    return Cell(when, "" if row["mark"] else reverse("viewing-mark", args=[e.pk]))


def _who(row: dict[str, Any]) -> Cell:
    e: Entry = row["entry"]
    return Cell(display_names.shown_name(e.person, row["names"].get(e.person)), hint=wording.role(e.duty))


def _mark(row: dict[str, Any]) -> Cell:
    made: Entry | None = row["mark"]
    if made is None:
        return Cell.of(label("open"))
    return Cell(f"by {display_names.shown_name(made.person, row['names'].get(made.person))}", hint=made.reason)


def _nothing(drawn: Sample) -> str:
    return "No reveals this week." if drawn.over else "This week is not over: its sample is drawn on Monday."


def _words(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(Q(person__icontains=value) | Q(object__icontains=value))


def _since(now: datetime, days: str) -> int:
    return epoch_ms(now - timedelta(days=int(days)))


def _day(day: date) -> str:
    return date_format(day, "M j, Y")


def sample_url(week: str) -> str:
    """The page of the sample of a week."""
    return f"{reverse('viewings-sample')}?{urlencode({'week': week})}"
