"""Links from entries of the audit log to the pages of what they are about, for whoever may open those (P-16).

links = EntryLinks.of(rows, request.actor, now)
links.url(row)                     "/access/mailboxes/works@city.example/", "" where there is no page for this reader
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.apps import apps
from django.urls import reverse

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Entry


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """page: the name of its URL; permission: to open it; model: of the thing; field: what entries have of it; keys: fields that
    the URL has, each not null where there is a page."""

    page: str
    permission: str
    model: str
    field: str = "pk"
    keys: tuple[str, ...] = ("pk",)


PAGES: Final[Mapping[str, ObjectPage]] = {
    "agency": ObjectPage("agency", "agency.see", "directory.Agency", "code", ("code",)),
    "approval": ObjectPage("approval", "approvals.see", "holding.Approval"),
    "authorisation": ObjectPage("request", "request.see", "access.Authorization"),
    "bar": ObjectPage("bar", "violations.see", "access.Bar"),
    "department": ObjectPage("department", "duty.see", "directory.Department", "code", ("code",)),
    "door": ObjectPage("outside-door", "outside.see", "conduct.OutsideDoor", "code", ("code",)),
    "feed": ObjectPage("feed", "feed.run", "directory.FeedRun"),
    "group": ObjectPage("list", "mailbox.see", "directory.Group", "address", ("address",)),
    "incident": ObjectPage("incident", "reports.see", "incidents.Case"),
    "mailbox": ObjectPage("mailbox", "mailbox.see", "directory.Mailbox", "address", ("address",)),
    "mandate": ObjectPage("mandate", "mandate.see", "access.Mandate", "number", ("number",)),
    "person": ObjectPage("person", "roster.see", "directory.Episode", "person__uid", ("department__code", "person__uid")),
    "policy": ObjectPage("policy", "policy.read", "access.PolicyText", "version", ("version",)),
    "pull": ObjectPage("pull", "reports.see", "incidents.Pull"),
    "request": ObjectPage("records-request", "records.see", "records.Request", "number", ("number",)),
    "review": ObjectPage("campaign", "reviews.see", "conduct.Review"),
    "rule": ObjectPage("rule", "rules.see", "oversight.Version", "rule", ("rule",)),
    "violation": ObjectPage("violation", "violation.see", "conduct.Violation", "pk", ("department__code", "pk")),
}
"""Kind of an object, before the colon -> its page."""


@dataclass(frozen=True, slots=True)
class EntryLinks:
    """urls: by the object that entries have."""

    urls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Collection[Entry], actor: Actor, now: int) -> EntryLinks:
        """One query for each kind of object. now: epoch ms."""
        ids: dict[str, set[str]] = {}
        for kind, _, id_ in (row.object.partition(":") for row in rows):
            if kind in PAGES:
                ids.setdefault(kind, set()).add(id_)
        urls: dict[str, str] = {}
        for kind, of_kind in sorted(ids.items()):
            if guard.could(actor, PAGES[kind].permission, now=now):
                urls |= _urls(kind, of_kind)
        return cls(urls)

    def url(self, row: Entry) -> str:
        """The page of what an entry is about; "" for none."""
        return self.urls.get(row.object, "")


def _urls(kind: str, ids: Collection[str]) -> dict[str, str]:
    """Object -> URL of what exists."""
    target = PAGES[kind]
    values = ids if target.field not in _NUMBERS else [id_ for id_ in ids if id_.isdecimal()]
    fields = (target.field, *target.keys)
    objects = apps.get_model(target.model).objects.filter(**{f"{target.field}__in": values}).order_by("pk")
    rows = objects.values_list(*fields)  # where there are several, as a person who came back has, the newest is the last
    return {f"{kind}:{id_}": reverse(target.page, args=keys) for id_, *keys in rows if None not in keys}


_NUMBERS: Final = frozenset({"pk", "version"})
