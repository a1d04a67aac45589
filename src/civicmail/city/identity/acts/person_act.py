"""An act on what belongs to a person."""

from __future__ import annotations

from typing import Any, Protocol

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act
from civicmail.city.pages.inputs import Input


class _Persons(Protocol):
    @property
    def person(self) -> Any: ...


class PersonAct[Row: _Persons, Given: Input, Done](Act[Row, Given, Done]):
    """An act on a person's property, by a person responsible for them."""

    def resource(self, row: Row, actor: Actor) -> Resource | None:
        from civicmail.city.identity.queries.actors import about_person

        return about_person(row.person)
