"""Operations of lists (city/pages/lists.py): the schema of a row is made from the columns, parameters from the filters."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, NamedTuple, cast

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import create_model

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import lists
from civicmail.city.pages.city_request import require, require_could
from civicmail.city.pages.lists import Filter, List, ListRequest
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import key_types
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, shown_as

_TYPES: dict[type[lists.Column], Any] = {
    lists.Day: date, lists.Flag: bool, lists.Identifier: uuid.UUID, lists.Number: int, lists.Numbers: list[int],
    lists.Somebody: Who, lists.Texts: list[str], lists.Time: datetime, lists.Until: datetime,
}  # fmt: skip
"""Types of properties; those of all other columns are texts."""


class Shape:
    """The schema of a list's rows, and rows of it. Also for an operation that reads one of them."""

    def __init__(self, definition: List) -> None:
        self._columns = [column for column in definition.columns if not isinstance(column, lists.Shown)]
        self._definition = definition

    @cached_property
    def schema(self) -> Any:
        endpoint = self._definition.operation
        assert endpoint is not None, self._definition.name
        fields: dict[str, Any] = {column.key: (_type(column), ...) for column in self._columns}
        return create_model(endpoint.shape, __base__=Schema, __doc__=self._definition.row_help, **fields)

    def values(self, row: Any) -> dict[str, Any]:
        """Properties of a row, by name."""
        return {
            column.key: maybe(value) if isinstance(column, lists.Somebody) else value
            for column in self._columns
            for value in [column.of(row)]
        }

    def __call__(self, row: Any) -> Schema:
        """A row as a program reads it."""
        made: Schema = self.schema(**self.values(row))
        return made


class OtherShape(NamedTuple):
    """The schema of rows that other operations answer with, too, and how one is made."""

    schema: Any
    make: Callable[[Any], Schema]

    def __call__(self, row: Any) -> Schema:
        return self.make(row)


def list_operation(router: Router, definition: List, shape: Shape | OtherShape | None = None) -> Shape:
    """Add the operation of a list. shape: of its rows, where it is another one's, too."""
    endpoint, made = definition.operation, cast(Shape, shape or Shape(definition))
    assert endpoint is not None, definition.name

    def view(request: Call, response: HttpResponse, **given: Any) -> Any:
        filters = {each.key: given.pop(each.key) for each in definition.filters}
        reader = ListRequest(request.actor, epoch_ms(request.now), definition.parent(**given))
        (require if definition.is_sure else require_could)(request, definition.permission, definition.resource(reader))
        rows = definition.rows(reader)
        for each in definition.filters:
            rows = each.remaining(rows, _checked(each, value), reader) if (value := filters[each.key]) else rows
        return pagination.rows(request, response, definition.with_related(rows), made, by=definition.order)

    parameters: Mapping[str, Any] = {"request": Call, "response": HttpResponse, **key_types(endpoint.path)}
    signature = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind) for name, kind in parameters.items()
    ]
    signature += [_parameter(each) for each in definition.filters]
    view.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # what ninja reads
    view.__annotations__ = {each.name: each.annotation for each in signature}
    view.__name__, view.__doc__ = definition.name, definition.summary
    page = endpoint.page or (definition.page.name if definition.page is not None else "")
    rows_schema: Any = list.__class_getitem__(made.schema)
    operation(
        router, "GET", endpoint.path, act=definition.permission, scope=endpoint.scope, page=page, response=rows_schema
    )(view)  # fmt: skip
    return made


def _parameter(each: Filter) -> inspect.Parameter:
    extra = {"enum": ["", *_values(each)]} if each.choices else {}
    default = Query("", description=f"{each.label}.", **extra)  # type: ignore[type-arg]
    return inspect.Parameter(each.key, inspect.Parameter.KEYWORD_ONLY, annotation=str, default=default)


def _values(each: Filter) -> list[str]:
    return list(dict.fromkeys([*(value for value, _ in each.offered()), *each.others]))


def _checked(each: Filter, value: str) -> str:
    """Raises Unusable for none of the choices."""
    if each.choices and value not in _values(each):
        raise Unusable(f"{each.label}: {value} is no choice.", {each.key: f"One of {', '.join(_values(each))}."})
    return value[:200]


def _type(column: lists.Column) -> Any:
    kind = Annotated[str, shown_as(column.words)] if isinstance(column, lists.State) else _TYPES.get(type(column), str)
    return kind | None if column.optional else kind
