"""Operations of acts (city/pages/act.py): the schema is made from the input, and the form of the page checks what was sent."""

from __future__ import annotations

import inspect
import re
import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field as Described
from pydantic import create_model

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions.publishing import single_publication
from civicmail.city.pages import inputs
from civicmail.city.pages.act import Act
from civicmail.city.pages.act_pages import carry_out, form_of, permitted_row, require_seen
from civicmail.city.pages.inputs import Field
from civicmail.front.web.api import etags, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation

_KEY = re.compile(r"\{(\w+):(\w+)\}")
_ONE_A_LINE = inputs.Lines | inputs.People
"""Fields whose values a form takes one a line."""
_KINDS: dict[str, type] = {"int": int, "uuid": uuid.UUID}
"""Converters of a path whose values are no text."""


def act_operation[Done](
    router: Router,
    act: Act[Any, Any, Done],
    response: type[Schema],
    answer: Callable[[Done], Schema],
    shown: Callable[[Any], Schema] | None = None,
) -> None:
    """Add the operation of an act. response: the shape of what it answers; answer: makes that of what was done; shown: makes it of
    the row, where `If-Match` says what the program has seen (RFC 9110)."""
    endpoint = act.operation
    assert endpoint is not None, act.name

    def view(request: Call, response: HttpResponse, **given: Any) -> Any:
        body, now = given.pop("body", None), epoch_ms(request.now)
        row = permitted_row(act, request, *given.values())

        def checked() -> Form:
            form = form_of(act, row, request.actor, _data(act, row, body, now))
            require_seen(act, row, form)  # before what was sent is checked: what a row offers may depend on its state
            request_bodies.checked(form)
            return form

        if shown is None:  # a repeated request is not checked again: by then the row offers something else
            return once(request, lambda: answer(carry_out(act, row, checked(), request.actor, now)))
        form = checked()
        with single_publication():
            current = get_object_or_404(type(row).objects.select_for_update(), pk=row.pk)
            etags.require(request, shown(current))
            return etags.with_etag(response, answer(carry_out(act, current, form, request.actor, now)))

    _describe(view, act)
    page = endpoint.page or (act.page.name if act.page is not None else "")
    operation(
        router,
        endpoint.method,
        endpoint.path,
        act=act.permission,
        scope=endpoint.scope,
        page=page,
        response=response,
        status=endpoint.status,
    )(view)


def _describe(view: Callable[..., Any], act: Act[Any, Any, Any]) -> None:
    """Give the view the name, text and signature that ninja reads."""
    assert act.operation is not None, act.name
    keys = key_types(act.operation.path) | dict.fromkeys(act.operation.query, str)
    kinds: dict[str, Any] = {"request": Call, "response": HttpResponse, **keys}
    if act.input.fields:
        kinds["body"] = schema_of(act)
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind) for name, kind in kinds.items()]
    view.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what ninja reads
    view.__annotations__ = kinds
    view.__name__, view.__doc__ = act.name, act.summary


def key_types(path: str) -> dict[str, type]:
    """Name -> type of the keys of a path, like `{int:id}`."""
    return {name: _KINDS.get(kind, str) for kind, name in _KEY.findall(path)}


def _data(act: Act[Any, Any, Any], row: Any, body: Schema | None, now: int) -> dict[str, Any]:
    """What was sent, as the form takes it, with what is implied."""
    if body is None:
        return {}
    unseen = {name for name, field in act.input.fields.items() if isinstance(field, inputs.Seen) and not field.default}
    sent = body.model_dump(exclude_unset=act.is_change, exclude=unseen - body.model_fields_set)
    typed = {name: sent[name] for name, field in act.input.fields.items() if isinstance(field, _ONE_A_LINE) and name in sent}
    lines = {name: "\n".join(texts) for name, texts in typed.items()}
    given = {name: value for name, value in {**sent, **lines}.items() if value is not None}
    return {**act.implied(row, given, now), **given}


def schema_of(act: Act[Any, Any, Any]) -> type[Schema]:
    """The shape of what is sent. Limits are the form's, so that both say the same sentence; here they are described."""
    shape: dict[str, Any] = {name: _shape(field) for name, field in act.input.fields.items()}
    name = f"{act.name.title().replace('_', '')}Input"
    return create_model(name, __base__=Schema, __doc__=" ".join((act.input.__doc__ or "").split()), **shape)


def _shape(field: Field[Any]) -> tuple[Any, Any]:
    kind: Any = _type(field)
    words = field.description
    limits = {} if kind is int else {"minLength": getattr(field, "min_length", 0), "maxLength": getattr(field, "max_length", 0)}
    extra: dict[str, Any] = {key: value for key, value in limits.items() if value}
    if choices := [value for value, _ in getattr(field, "choices", ()) if value]:
        extra["enum"] = choices
    if field.implied:
        return kind | None, Described(default=None, description=words, json_schema_extra=extra)
    if field.default not in (None, ""):
        return kind, Described(default=field.default, description=words, json_schema_extra=extra)
    if field.required:
        return kind, Described(description=words, json_schema_extra=extra)
    default: Any = "" if kind is str else False if kind is bool else [] if isinstance(field, inputs.Several | _ONE_A_LINE) else None
    return kind, Described(default=default, description=words, json_schema_extra=extra)


def _type(field: Field[Any]) -> Any:
    match field:
        case inputs.Number() | inputs.Seen(is_number=True):
            return int
        case inputs.OptionalNumber() | inputs.OptionalKey():
            return int | None
        case inputs.Day():
            return date
        case inputs.OptionalDay():
            return date | None
        case inputs.Flag():
            return bool
        case inputs.Several() | inputs.Lines() | inputs.People():
            return list[str]
        case inputs.Amount():
            return Decimal
        case _:
            return str
