"""Lists with filters, sorting, paging and CSV, driven by the URL alone.

A view names its columns and filters and gives a query; the rest, with chips, links and the file, is the same for all.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone

from civicmail.city.pages.lists import Bulk
from civicmail.city.pages.lists import Cell as Cell

PER_PAGE = 50
SHORT = 10
"""Rows of a list that is read faster than filtered: its filters are all in a fold."""
PAGE_PARAMS = frozenset({"after", "before", "page"})
"""What of an address says where in a list one is."""
MAX_CSV_ROWS = 50_000
SINGULARS = {
    "addresses": "address",
    "people": "person",
    "agencies": "agency",
    "copies": "copy",
    "duties": "duty",
    "entries": "entry",
    "mailboxes": "mailbox",
}
"""Of nouns whose singular is not the word without its s."""


@dataclass(frozen=True, slots=True)
class Column:
    """value: row -> a cell, text, number, date or None. sort: fields of order_by for ascending; empty: no sorting. num: numbers,
    aligned right; name: on cards, which have no header, this word precedes the value; csv_only: the table does not have it."""

    key: str
    label: str
    value: Callable[[Any], Any]
    sort: tuple[str, ...] = ()
    _: KW_ONLY
    num: bool = False
    name: str = ""
    csv_only: bool = False

    def cell(self, row: Any) -> Cell:
        return Cell.of(self.value(row))


@dataclass(frozen=True, slots=True)
class Filter:
    """choices: (value, words), or none for words that are typed. apply: (query, value) -> query."""

    key: str
    label: str
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]]
    choices: Sequence[tuple[str, str]] = ()

    def words_for(self, value: str) -> str:
        return f"{self.label}: {dict(self.choices).get(value, value)}"


@dataclass(frozen=True, slots=True)
class Head:
    """A header of the table. direction: the value of aria-sort if the list is sorted by it."""

    column: Column
    link: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Row:
    """can_tick: whether it can be chosen for the list's acts on several."""

    id: str
    cells: list[tuple[Column, Cell]]
    can_tick: bool = False


@dataclass
class Listing:
    """The present content of one list. caption: for screen readers; empty: the sentence of an empty list; noun: what is counted.
    bulk: acts on the rows that are ticked; prepare: gets the rows of the page before their cells. Made by `of`."""

    caption: str
    columns: Sequence[Column]
    filters: Sequence[Filter]
    empty: str
    noun: str = "people"
    bulk: Bulk | None = None
    rows: list[Row] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    total: int = 0
    everything: int = 0
    page: int = 1
    pages: int = 1
    path: str = ""
    params: dict[str, str] = field(default_factory=dict)
    sort: str = ""
    at: datetime = field(default_factory=timezone.now)
    results: QuerySet[Any] | Sequence[Any] | None = None
    prepare: Callable[[list[Any]], None] | None = None

    @property
    def first(self) -> int:
        return (self.page - 1) * PER_PAGE + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * PER_PAGE, self.total)

    @property
    def older(self) -> str:
        return self.link(page=str(self.page + 1)) if self.page < self.pages else ""

    @property
    def newer(self) -> str:
        return self.link(page=str(self.page - 1) if self.page > 2 else "") if self.page > 1 else ""

    @property
    def counted(self) -> str:
        """The number with its noun, in the right grammatical number."""
        if (self.everything if self.chips else self.total) != 1:
            return self.noun
        return SINGULARS.get(self.noun, self.noun.removesuffix("s"))

    @property
    def query(self) -> str:
        """Filters and order only, for a saved view."""
        return self.link().partition("?")[2]

    @property
    def csv(self) -> str:
        return self.link(format="csv")

    @property
    def clear(self) -> str:
        return self.path

    @property
    def fields(self) -> list[tuple[Filter, str]]:
        """The filters that are always in sight."""
        return self._values(self.filters[:2]) if self.everything > SHORT else []

    @property
    def more(self) -> list[tuple[Filter, str]]:
        """The others, in a fold."""
        return self._values(self.filters[2:] if self.everything > SHORT else self.filters)

    @property
    def more_used(self) -> int:
        return sum(bool(value) for _, value in self.more)

    def _values(self, filters: Sequence[Filter]) -> list[tuple[Filter, str]]:
        return [(f, self.params.get(f.key, "")) for f in filters]

    def link(self, **changes: str) -> str:
        return list_url(self.path, self.params, changes)


def list_url(path: str, params: Mapping[str, str], changes: Mapping[str, str]) -> str:
    """The address of a list with these changes; where in it one was stays only where it is the change."""
    changed = {k: v for k, v in {**params, **changes}.items() if v and (k not in PAGE_PARAMS or k in changes)}
    return f"{path}?{urlencode(changed)}" if changed else path


def from_query(
    request: HttpRequest,
    query: QuerySet[Any],
    *,
    caption: str,
    columns: Sequence[Column],
    filters: Sequence[Filter] = (),
    empty: str,
    noun: str = "people",
    sort: str = "",
    bulk: Bulk | None = None,
    path: str = "",
    slim: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None,
    prepare: Callable[[list[Any]], None] | None = None,
) -> Listing:
    """The list for the URL of the request. sort: key of the default column, "-" before it for descending; slim: adds data that rows
    need (select_related, annotations) after counting; prepare: adds to the rows of the page what takes queries for all of them."""
    known = {"sort", "page", *(f.key for f in filters)}
    params = {k: str(v).strip()[:200] for k, v in request.GET.items() if k in known and str(v).strip()}
    params = {k: v for k, v in params.items() if not _is_unknown_choice(filters, k, v)}
    listing = Listing(caption, columns, filters, empty, noun, bulk, path=path or request.path, params=params)
    listing.everything = query.count()
    rows = query
    for f in filters:
        if value := params.get(f.key):
            rows = f.apply(rows, value)
            listing.chips.append(Chip(f.words_for(value), listing.link(**{f.key: ""})))
    listing.total = rows.count() if listing.chips else listing.everything
    listing.sort = params.get("sort") or sort
    rows = rows.order_by(*_order(columns, listing.sort), "pk") if listing.sort else rows
    listing.results, listing.prepare = slim(rows) if slim else rows, prepare
    fill(listing)
    return listing


def from_rows(
    request: HttpRequest,
    rows: Sequence[Any],
    *,
    caption: str,
    columns: Sequence[Column],
    empty: str,
    noun: str,
    keep: Sequence[str] = (),
    sort: str = "",
    bulk: Bulk | None = None,
) -> Listing:
    """A list of rows that are not from a query, in the given order: mappings with a "pk". keep: parameters of the URL that stay in
    its links; sort: the column by which they are in order, if the caller sorts by the URL."""
    params = {k: v for k in ("page", *keep) if (v := request.GET.get(k, "").strip()[:400])}
    listing = Listing(caption, columns, (), empty, noun, bulk, path=request.path, params=params, sort=sort, results=rows)
    listing.total = listing.everything = len(rows)
    fill(listing)
    return listing


def fill(listing: Listing) -> None:
    """Put the page that the URL requests into a list that has its rows and total."""
    assert listing.results is not None
    listing.pages = max(1, -(-listing.total // PER_PAGE))
    listing.page = min(max(1, int(p) if (p := listing.params.get("page", "1")).isdecimal() else 1), listing.pages)
    columns = [column for column in listing.columns if not column.csv_only]
    listing.heads = [_head(listing, column) for column in columns]
    rows = list(listing.results[(listing.page - 1) * PER_PAGE : listing.page * PER_PAGE])
    if listing.prepare is not None:
        listing.prepare(rows)
    listing.rows = [_row(columns, row, listing.bulk) for row in rows]
    if not any(row.can_tick for row in listing.rows):
        listing.bulk = None


def render_list(request: HttpRequest, template: str, listing: Listing, context: dict[str, Any]) -> HttpResponseBase:
    """Render the page with this list; its CSV if the URL requests it; the list's region if a script requests a part."""
    if request.GET.get("format") == "csv":
        return _csv_response(listing)
    part = request.headers.get("HX-Request-Type") == "partial"
    name = "components/list.html" if part else template
    response = render(request, name, {**context, "listing": listing, "part": part})
    response["Vary"] = "HX-Request-Type"
    return response


def _is_unknown_choice(filters: Sequence[Filter], key: str, value: str) -> bool:
    return any(f.key == key and f.choices and value not in dict(f.choices) for f in filters)


def _order(columns: Sequence[Column], sort: str) -> list[str]:
    by = next((c.sort for c in columns if c.key == sort.lstrip("-") and c.sort), ())
    return [_reversed(f) for f in by] if sort.startswith("-") else list(by)


def _reversed(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _head(listing: Listing, column: Column) -> Head:
    if not column.sort:
        return Head(column)
    now = listing.sort
    direction = {column.key: "ascending", f"-{column.key}": "descending"}.get(now, "")
    return Head(column, listing.link(sort=f"-{column.key}" if now == column.key else column.key), direction)


def _row(columns: Sequence[Column], row: Any, bulk: Bulk | None) -> Row:
    can_tick = bulk is not None and bulk.takes(row)
    return Row(str(row["pk"] if isinstance(row, Mapping) else row.pk), [(c, c.cell(row)) for c in columns], can_tick)


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv_response(listing: Listing) -> StreamingHttpResponse:
    """The whole list, not only this page, as UTF-8 with a byte order mark for spreadsheets; formulas are converted to text
    (CWE-1236)."""
    assert listing.results is not None
    writer = csv.writer(_Echo())
    rows = _lines(listing.columns, listing.results[:MAX_CSV_ROWS])
    head = writer.writerow([c.label for c in listing.columns])
    lines: Iterator[str] = (writer.writerow(row) for row in rows)
    response = StreamingHttpResponse(_after("\ufeff" + head, lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{listing.noun.replace(" ", "-")}.csv"'
    return response


def _after(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[list[str]]:
    for row in rows:
        yield [_plain(c.cell(row)) for c in columns]


def _plain(cell: Cell) -> str:
    if isinstance(cell.text, datetime):
        return timezone.localtime(cell.text).isoformat(timespec="seconds")
    text = cell.text.isoformat() if isinstance(cell.text, date) else str(cell.text)
    text = f"{text} ({cell.hint})" if cell.hint else text
    return text if isinstance(cell.text, int | float) else plain_text(text)


def plain_text(text: str) -> str:
    """A cell of a file that no spreadsheet takes for a formula (CWE-1236)."""
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text
