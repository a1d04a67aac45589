"""Request bodies, validated by the forms of the pages, with the same messages."""

from __future__ import annotations

from typing import Any

from django.forms.forms import BaseForm
from ninja import Schema

from civicmail.city.guard.errors import Unusable


class Because(Schema):
    """Why, in at least twenty characters; it is kept for ever."""

    reason: str


def plain(body: Schema, **more: Any) -> dict[str, Any]:
    """As a form takes it; lists are one value a line, and what was left out is not there."""
    values = {**body.model_dump(), **more}
    lines = {k: "\n".join(map(str, v)) if isinstance(v, list | tuple) else v for k, v in values.items()}
    return {k: v for k, v in lines.items() if v is not None}


def checked(form: BaseForm) -> dict[str, Any]:
    """What the form makes of it. Raises Unusable with what is wrong, field by field."""
    if form.is_valid():
        return form.cleaned_data
    fields = {field: " ".join(str(error) for error in errors) for field, errors in form.errors.items()}
    raise Unusable(next(iter(fields.values())), fields)
