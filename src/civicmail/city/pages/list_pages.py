"""Pages of lists (lists.py): ask the guard, then make the table with filters, order, paging and CSV from the definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, path, reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, View, acting, could, may, require, require_could
from civicmail.city.pages.listing import Listing
from civicmail.city.pages.lists import Cell, Column, Filter, List, ListRequest, Number, Numbers, State
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.wording import translate

type Words = Callable[[Any], Any]


def paths(lists: Iterable[List]) -> list[URLPattern]:
    """The pages of these lists, for a urls.py."""
    return [path(each.page.route, page_of(each), name=each.page.name) for each in lists if each.page is not None]


def page_of(definition: List) -> View:
    """The view of a list's page."""

    @acting(definition.permission)
    def view(request: CityRequest, **keys: Any) -> HttpResponseBase:
        reader = ListRequest(request.actor, epoch_ms(request.now), definition.parent(**keys))
        (require if definition.is_sure else require_could)(request, definition.permission, definition.resource(reader))
        shown, words = listing_of(definition, request, reader), _words(definition)
        page = Page(
            _text(definition, reader, definition.page_title(reader)),
            words(definition.page_section(reader)),
            [(words(label), url) for label, url in definition.page_crumbs(reader)],
            facts=definition.facts(reader, shown),
            actions=_actions(definition, request, reader),
        )
        return listing.render_list(request, definition.template, shown, {"page": page, **definition.context(reader)})

    view.__doc__ = definition.summary
    return view


def _actions(definition: List, request: CityRequest, reader: ListRequest) -> list[Action]:
    resource = definition.resource(reader)
    return [
        Action(_words(definition)(link.label), reverse(link.page, args=link.args) + link.query, link.primary)
        for link in definition.page_links(reader)
        if not link.permission or (may if link.is_sure else could)(request, link.permission, link.about or resource)
    ]


def listing_of(definition: List, request: CityRequest, reader: ListRequest) -> Listing:
    """The content of a list for the URL of the request."""
    words = _words(definition)
    columns = [_column(column, reader, words) for column in definition.page_columns(reader)]
    shown: dict[str, Any] = {"columns": columns, "sort": definition.sort, "noun": words(definition.noun)}
    shown["bulk"] = definition.page_bulk(reader)
    shown |= {name: _text(definition, reader, getattr(definition, name)) for name in ("caption", "empty")}
    filters = [_filter(each, reader, words) for each in definition.page_filters(reader)]
    shown |= {"slim": definition.with_related, "prepare": lambda rows: definition.prepare(rows, reader)}
    return listing.from_query(request, definition.rows(reader), filters=filters, **shown)


def _filter(each: Filter, reader: ListRequest, words: Words) -> listing.Filter:
    offered = each.page_choices() if each.page_choices is not None else each.offered()
    choices = [(value, words(label)) for value, label in offered]
    return listing.Filter(each.key, words(each.label), lambda rows, value: each.remaining(rows, value, reader), choices)


def _column(column: Column, reader: ListRequest, words: Words) -> listing.Column:
    is_number = isinstance(column, Number | Numbers) if column.is_number is None else column.is_number
    return listing.Column(
        column.alias or column.key,
        words(column.label),
        lambda row: _cell(column, row, reader, words),
        column.sort,
        num=is_number,
        name=words(column.name),
        csv_only=column.csv_only,
    )


def _cell(column: Column, row: Any, reader: ListRequest, words: Words) -> Cell:
    role, shown = "", None
    if column.cell is not None:
        shown = column.cell(row, reader)
        if isinstance(shown, Cell | tuple):
            return Cell.of(shown)
    elif isinstance(column, State):
        role, shown = column.words[column.of(row)]
    elif (value := column.of(row)) is not None:
        shown = column.text(value)
    hint = column.hint(row) if column.hint is not None else ""
    return Cell("" if shown is None else words(shown), _href(column, row), role, words(hint), column.full)


def _href(column: Column, row: Any) -> str:
    if not column.link:
        return ""
    name, *attributes = column.link
    return reverse(name, args=[attrgetter(attribute)(row) for attribute in attributes or ["pk"]])


def _text(definition: List, reader: ListRequest, text: str) -> str:
    words: str = _words(definition)(text)
    return words if reader.parent is None else words.format(parent=reader.parent)


def _words(definition: List) -> Words:
    """Translate texts of an employee's list into the language of the request; others stay unchanged."""
    return lambda words: translate(words) if definition.translated and isinstance(words, str) else words
