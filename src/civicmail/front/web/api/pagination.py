"""Pagination: stable order, cursor, Link header (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from civicmail.city.guard.errors import Unusable

MAX_PAGE = 200
"""Rows of one answer at most."""

LIMIT = 50
"""The same where nobody says how many."""


def limit_of(request: HttpRequest) -> int:
    """How many rows `limit` asks for. Raises Unusable."""
    text = request.GET.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) < 5 and 1 <= int(text) <= MAX_PAGE):
        raise Unusable(f"A page has from 1 to {MAX_PAGE} rows.", {"limit": f"From 1 to {MAX_PAGE}."})
    return int(text)


def rows[Row: Model, Made](
    request: HttpRequest, response: HttpResponse, query: QuerySet[Row], made: Callable[[Row], Made], *, by: str = "pk"
) -> list[Made]:
    """The page that `after` and `limit` ask for. by: a unique column, a minus before it for the largest first; the address of the
    next page goes into the Link header. Raises Unusable."""
    limit, field = limit_of(request), by.lstrip("-")
    if (mark := cursor(request)) is not None:
        try:
            query = query.filter(**{f"{field}__{'lt' if by.startswith('-') else 'gt'}": mark})
        except (ValueError, TypeError):
            raise _no_cursor() from None
    items = list(query.order_by(by)[: limit + 1])
    if len(items) > limit:
        link(request, response, _value(items[limit - 1], field))
    return [made(row) for row in items[:limit]]


def slices[Row, Made](
    request: HttpRequest, response: HttpResponse, items: Sequence[Row], made: Callable[[Row], Made], *, key: Callable[[Row], str]
) -> list[Made]:
    """The same of rows that no table has, in the order in which they are. key: names a row; where that row is gone the list is
    over, and the asker begins again."""
    limit, mark = limit_of(request), cursor(request)
    begin = 0
    if mark is not None:
        begin = next((n + 1 for n, row in enumerate(items) if key(row) == mark), len(items))
    if begin + limit < len(items):
        link(request, response, key(items[begin + limit - 1]))
    return [made(row) for row in items[begin : begin + limit]]


def cursor(request: HttpRequest) -> Any:
    """What `after` stands for, None for the first page. Raises Unusable for what this API has not made."""
    text = request.GET.get("after", "")
    if not text:
        return None
    try:
        mark = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise _no_cursor() from None
    if (isinstance(mark, str) and "\0" not in mark) or (type(mark) is int and abs(mark) < 1 << 63):
        return mark
    raise _no_cursor()


def link(request: HttpRequest, response: HttpResponse, mark: str | int) -> None:
    """Say where the next page is."""
    text = base64.urlsafe_b64encode(orjson.dumps(mark)).rstrip(b"=").decode()
    query: Iterable[tuple[str, str]] = [(k, str(v)) for k, v in request.GET.items() if k != "after"]
    response.headers["Link"] = f'<{request.path}?{urlencode([*query, ("after", text)])}>; rel="next"'


def _value(row: Any, field: str) -> str | int:
    value = row
    for name in field.split("__"):
        value = getattr(value, name)
    return value if isinstance(value, int) else str(value)


def _no_cursor() -> Unusable:
    return Unusable("This is no place in this list; begin without `after`.", {"after": "Take it from the Link header."})
