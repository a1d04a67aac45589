"""A request in review with items of its own, for tests of decisions and redactions."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.actors import actor_of
from civicmail.desk.records.models import Assignment, Decision, Item, Redaction, Request, Search, Suggestion


class Desk:
    """A town, its request in review without decisions, and a clock that goes on by a second each time it is read."""

    def __init__(self, city: Any) -> None:
        self.city = city
        self.request = Request.objects.get(number=city.objects["records review"])
        for model in (Suggestion, Redaction, Decision):
            model.objects.filter(request=self.request).delete()
        Item.objects.filter(request=self.request, parent__isnull=False).delete()
        Item.objects.filter(request=self.request).delete()
        self._now = epoch_ms(city.now)

    def now(self) -> int:
        self._now += 1000
        return self._now

    def actor(self, key: str = "recorder") -> Actor:
        return actor_of(self.city.people[key].account, "", epoch_ms(self.city.now))

    def assign(self, key: str, role: str, request: Request | None = None) -> None:
        person = self.city.people[key]
        row = request or self.request
        Assignment.objects.get_or_create(request=row, person=person, until=None, defaults={"role": role, "since": self.city.now})

    def item(self, number: int, content: str = "", request: Request | None = None, **more: Any) -> Item:
        row = request or self.request
        search = Search.objects.filter(scope__request=row).first() or Search.objects.create(
            scope=row.scopes.create(
                version=1, understood="x", query="lead", state="agreed", by=self.city.people["recorder"], at=self.city.now
            ),
            by=self.city.people["recorder"],
            at=self.city.now,
        )
        values = {
            "capture": f"019ab0c4-7d2e-7a41-9c55-{number:012}",
            "content": key_of(content or f"content {number}"),
            "received": 1_767_225_600_000,
        }
        return Item.objects.create(request=row, search=search, number=number, **{**values, **more})

    def other_request(self) -> Request:
        """Another open request, on which the same people work."""
        row = Request.objects.get(number=self.city.objects["records scoping"])
        for key, role in (("recorder", "reviewer"), ("attorney", "attorney")):
            self.assign(key, role, row)
        return row


def key_of(content: str) -> str:
    return sha256(content.encode()).hexdigest()
