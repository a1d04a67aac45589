"""SCIM storage of users: our rows, and the verbs of `identity/actions/scim.py`.

Made for one request. `active` is computed: whether the person works for the city. So `active=false` works also for somebody
hired again by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from scim2_models import (
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_models.path.expressions import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator
from scim2_server.storage import ScimStorage, SearchPage

from civicmail.city.directory.models import ScimUser
from civicmail.city.directory.scim_row import ENTERPRISE, Names, is_active, uid_of
from civicmail.city.directory.scim_schema import EnterpriseUser, User
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.actions import scim
from civicmail.city.identity.queries import scim as queries

MODEL = User[EnterpriseUser]
"""The users that are served."""


class Users(ScimStorage):
    """The users of one request. about: the person whom the request is about, as far as it was found out."""

    def __init__(self, actor: Actor, now: int) -> None:
        self._actor = actor
        self._now = now
        self._writes = False
        self._held: ScimUser | None = None
        self.about = ""

    @cached_property
    def names(self) -> Names:
        """The city's terms."""
        return queries.provider_names(self._now)

    def writes(self) -> None:
        """The request changes something: what it reads is locked until its transaction ends."""
        self._writes = True

    @contextmanager
    def operation(self) -> Iterator[None]:
        """A request that changes something is one transaction."""
        if not self._writes:
            yield
            return
        with transaction.atomic():
            yield
        self._held = None

    def get(
        self, resource_type: ResourceType, resource_id: str, *, response_parameters: ResponseParameters[Any] | None = None
    ) -> Resource[Any]:
        """One user."""
        return resource_of(self._row(resource_id))

    def search(self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None) -> SearchPage:
        """One page. A name, id or number is looked up by index; other filters are evaluated for each candidate."""
        begin, count = min(max(search_request.start_index or 1, 1), _LAST) - 1, search_request.count or 0
        rows = queries.users().order_by("id")
        if search_request.filter is None:
            page = [resource_of(row) for row in rows[begin : begin + count]] if count else []
            return SearchPage(rows.count(), page)
        narrowed = narrow(rows, search_request.filter.ast)
        users = [user for user in map(resource_of, narrowed.iterator(chunk_size=500)) if search_request.filter.match(user)]
        return SearchPage(len(users), list(users[begin : begin + count]))

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """A new one; raises what the verb raises."""
        attributes = attributes_of(resource)
        self.about = uid_or_empty(attributes, self.names)
        return _now(scim.create(attributes, names=self.names, actor=self._actor, now=self._now))

    def update(self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None) -> Resource[Any]:
        """The whole new state of a user."""
        row = self._expected(str(resource.id), expected_version)
        return _now(scim.change(row, attributes_of(resource), names=self.names, actor=self._actor, now=self._now))

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """The person is ended and stays."""
        scim.remove(self._expected(resource_id, expected_version), actor=self._actor, now=self._now)

    def _expected(self, id_: str, version: str | None) -> ScimUser:
        row = self._held if self._held is not None and str(self._held.uuid) == id_ else self._row(id_)
        if version is not None and version != version_of(row):
            raise PreconditionFailedException
        return row

    def _row(self, id_: str) -> ScimUser:
        try:
            rows = queries.users().filter(uuid=UUID(id_))
        except ValueError:
            raise NotFoundException(detail="There is no such user.") from None
        row = (rows.select_for_update(of=("self",)) if self._writes else rows).first()
        if row is None:
            raise NotFoundException(detail="There is no such user.")
        self.about = row.uid
        self._held = row if self._writes else None  # locked: it stays like this until the transaction ends
        return row


def _now(row: ScimUser) -> Resource[Any]:
    """The row after a verb, with its computed state."""
    row.works = is_active(row.said)  # type: ignore[attr-defined]  # as queries.scim.users says it
    return resource_of(row)


def narrow(rows: QuerySet[ScimUser], node: FilterNode) -> QuerySet[ScimUser]:
    """Rows that include all matches: by index if the filter names one user, else those whose text contains the value. Building
    each user would take a thousand times as long."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else (node,)
    for term in terms:
        if isinstance(term, Comparison) and term.op == CompareOperator.eq and isinstance(term.value, str):
            path, text = str(term.attr_path).lower().removeprefix("urn:ietf:params:scim:schemas:core:2.0:user:"), term.value
            if (row_ := _looked_up(rows, path, text)) is not None:
                return row_
            if _PLAIN.fullmatch(text) and not path.startswith(_OURS):
                rows = rows.annotate(words=Cast("said", TextField())).filter(words__icontains=text)
    return rows


_NUMBER = f"{ENTERPRISE}:employeeNumber".lower()
_OURS = ("active", "meta", "schemas")
"""Attributes that are not stored."""
_LAST = 1 << 31
"""The largest index that is looked for: databases count no further."""
_PLAIN = re.compile(r"[A-Za-z0-9@._+ -]+")
"""Text that JSON stores unchanged in every database."""


def _looked_up(rows: QuerySet[ScimUser], path: str, text: str) -> QuerySet[ScimUser] | None:
    """The one user whom this names; None for an attribute that many may share."""
    match path:
        case "username" | "externalid" if not text.isprintable():
            return rows.none()
        case "username":
            return rows.filter(user_name=scim.folded(text))
        case "externalid":
            return rows.filter(external=text)
        case "id":
            return rows.filter(uuid=text) if _is_uuid(text) else rows.none()
        case _ if path == _NUMBER and settings.CITY.feeds.number == "employeeNumber" and text.isascii():
            return rows.filter(uid__iexact=text.strip())
    return None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def uid_or_empty(attributes: dict[str, Any], names: Names) -> str:
    """The person's uid for the report, "" if the request has none."""
    try:
        return uid_of(attributes, names)[:60]
    except ValueError:
        return ""


def attributes_of(resource: Resource[Any]) -> dict[str, Any]:
    """The provider's attributes by SCIM name, without ours (id, meta)."""
    plain: dict[str, Any] = resource.model_dump()
    return {name: value for name, value in plain.items() if name not in ("id", "meta")}


def resource_of(row: ScimUser) -> Resource[Any]:
    """A user as the protocol has it."""
    works: bool = row.works  # type: ignore[attr-defined]  # of queries.scim.users
    meta = {
        "resourceType": "User",
        "created": row.made.isoformat(),
        "lastModified": row.changed.isoformat(),
        "version": version_of(row),
    }
    attributes = {**row.said, "id": str(row.uuid), "meta": meta, "active": works}
    made: Resource[Any] = MODEL.model_validate(attributes)
    return made


def version_of(row: ScimUser) -> str:
    """Another one whenever anything that is shown is another."""
    return f'W/"{row.version}{"" if row.works else "-"}"'  # type: ignore[attr-defined]
