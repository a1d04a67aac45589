"""A city that an identity provider speaks to, and a client with its token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from city.identity import staff
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.identity.actions import feedkeys

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
MANY = 200


class Provider:
    """Speaks like an identity provider. ask("GET", "/Users/…") -> (status, JSON)."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._client = Client(raise_request_exception=True)
        self.last: Any = None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        said = {"HTTP_AUTHORIZATION": f"Bearer {self.token}", **{f"HTTP_{k.upper()}": v for k, v in headers.items()}}
        data = "" if body is None else json.dumps(body)
        self.last = self._client.generic(method, f"/scim/v2{path}", data, "application/scim+json", **said)
        return self.last.status_code, json.loads(self.last.content) if self.last.content else None


@pytest.fixture
def crowd(installed: Path, db: None, frozen: Any) -> Department:
    """Two hundred people of one department, so that the brake lets four go in a day."""
    (installed / "claimed").touch()
    clerk = staff.department("clerk")
    staff.department("parks")
    people = Person.objects.bulk_create(
        [Person(uid=f"e-{n}", given=f"Given{n}", family=f"Family{n}", display=f"Given{n} Family{n}") for n in range(MANY)]
    )
    Episode.objects.bulk_create(
        [Episode(person=p, kind="employee", department=clerk, position="Clerk", starts=staff.OLD.date()) for p in people]
    )
    return clerk


@pytest.fixture
def token(crowd: Department) -> str:
    return feedkeys.make("Identity provider", days=30, actor=OFFICER, reason="The city's provider.", now=staff.MS)


@pytest.fixture
def provider(token: str) -> Provider:
    return Provider(token)


@pytest.fixture
def user() -> Callable[..., dict[str, Any]]:
    """A user as a provider sends one: user("e-1", title="Clerk")."""

    def make(uid: str, department: str = "clerk", **more: Any) -> dict[str, Any]:
        enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", enterprise],
            "userName": f"{uid}@city.example",
            "name": {"givenName": "Given", "familyName": "Family"},
            "active": True,
            enterprise: {"employeeNumber": uid, "department": department},
            **more,
        }

    return make
