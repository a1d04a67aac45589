"""The decorator `operation`, and the table of all API operations with act, scope and page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from ninja import Router, Schema

from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.identity.token_scopes import SCOPES
from civicmail.front.web.api.authentication import Bearer


@dataclass(frozen=True, slots=True)
class Operation:
    """act: of the guard's table; page: the name of the page that does the same; shapes: of what is sent and answered."""

    name: str
    method: str
    path: str
    act: str
    scope: str
    page: str
    shapes: tuple[type[Schema], ...] = ()


OPERATIONS: dict[str, Operation] = {}


def operation(
    router: Router, method: str, path: str, *, act: str, scope: str, page: str = "", response: Any = None, status: int = 200
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks the view of an operation. response: the shape of what it answers; the view itself asks the guard, because only it knows
    about whom. Raises KeyError for an act or a scope that no table has."""
    if act not in PERMISSIONS or scope not in SCOPES:
        raise KeyError(act, scope)

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        name, words = view.__name__, " ".join((view.__doc__ or "").split())
        assert name not in OPERATIONS and words, name
        OPERATIONS[name] = Operation(name, method, path, act, scope, page, _shapes(view, response))
        clause = PERMISSIONS[act].clause
        text = f"{words} Scope `{scope}`; the guard is asked for `{act}` ({clause})."
        extra = {"x-civicmail": {"act": act, "scope": scope, "clause": clause, "page": page}}
        made = router.api_operation(
            [method], path, auth=Bearer(scope, act), response={status: response}, operation_id=name, url_name=name,
            summary=words.partition(".")[0] + ".", description=text, openapi_extra=extra,
        )  # fmt: skip
        return made(view)

    return mark


def _shapes(view: Callable[..., Any], response: Any) -> tuple[type[Schema], ...]:
    """What the document has to describe."""
    types = [*get_type_hints(view).values(), response]
    inside = [kind for shape in types for kind in (shape, *get_args(shape))]
    return tuple(dict.fromkeys(kind for kind in inside if isinstance(kind, type) and issubclass(kind, Schema)))
