"""Resources of every kind, for tests."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from civicmail.city.guard import resources
from civicmail.city.guard.resources import Resource

KINDS: tuple[type[Resource], ...] = tuple(
    kind for kind in vars(resources).values() if isinstance(kind, type) and issubclass(kind, Resource)
)


def resource(kind: type[Resource], **facts: Any) -> Resource:
    """One of this kind, with those of the facts that it has. Raises TypeError where one is missing that it needs."""
    return kind(**{field.name: facts[field.name] for field in fields(kind) if field.name in facts})
