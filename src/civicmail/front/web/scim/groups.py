"""SCIM groups: mailing lists that the identity provider maintains ([feeds] lists).

The department creates, names and closes a list; the provider sets which users are on it. Other members, such as function
mailboxes and lists, are not shown and stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scim2_models import (
    ForbiddenException,
    MutabilityException,
    NotFoundException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
)
from scim2_server.storage import ScimStorage, SearchPage

from civicmail.city.directory.models import MailGroup
from civicmail.city.directory.scim_schema import Group
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.actions import scimlists
from civicmail.city.identity.queries import scim as queries
from civicmail.front.web.scim.storage import Users

NOT_YOURS = "A list is made, named and closed by its department; an identity provider says who is on it."


class Directory(ScimStorage):
    """Users and groups of one request. lists: addresses of those that are left to the provider."""

    def __init__(self, users: Users, lists: Sequence[str], actor: Actor, now: int) -> None:
        self._users = users
        self._lists = [address.strip().lower() for address in lists]
        self._actor = actor
        self._now = now

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One transaction for users and groups."""
        with self._users.operation():
            yield

    def get(
        self, resource_type: ResourceType, resource_id: str, *, response_parameters: ResponseParameters[Any] | None = None
    ) -> Resource[Any]:
        """One user or list."""
        if _is_user(resource_type):
            return self._users.get(resource_type, resource_id, response_parameters=response_parameters)
        return group_of(self._row(resource_id))

    def search(self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None) -> SearchPage:
        """A page by index: users first, then lists."""
        groups = [] if all(map(_is_user, resource_types)) else self._groups(search_request)
        if not any(map(_is_user, resource_types)):
            begin = max(search_request.start_index or 1, 1) - 1
            return SearchPage(len(groups), groups[begin : begin + (search_request.count or 0)])
        users = self._users.search([t for t in resource_types if _is_user(t)], search_request, position=position)
        total = users.total or 0
        begin = max(max(search_request.start_index or 1, 1) - 1 - total, 0)
        room = (search_request.count or 0) - len(users.resources)
        return SearchPage(total + len(groups), [*users.resources, *groups[begin : begin + room]])

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Create a user; lists cannot be created here."""
        if not _is_user(resource_type):
            raise ForbiddenException(detail=NOT_YOURS)
        return self._users.create(resource_type, resource)

    def update(self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None) -> Resource[Any]:
        """The whole new state: of a list its members."""
        if _is_user(resource_type):
            return self._users.update(resource_type, resource, expected_version=expected_version)
        row = self._row(str(resource.id))
        assert isinstance(resource, Group)
        if resource.display_name != row.name:
            raise MutabilityException(detail=NOT_YOURS)
        member_ids = [str(member.value or "") for member in resource.members or []]
        scimlists.set_members(row, member_ids, actor=self._actor, now=self._now)
        return group_of(row)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """End a user; lists cannot be closed here."""
        if not _is_user(resource_type):
            raise ForbiddenException(detail=NOT_YOURS)
        self._users.delete(resource_type, resource_id, expected_version=expected_version)

    def _groups(self, search_request: SearchRequest[Any]) -> list[Resource[Any]]:
        groups: list[Resource[Any]] = [group_of(row) for row in queries.lists(self._lists)]
        return [group for group in groups if search_request.filter is None or search_request.filter.match(group)]

    def _row(self, id_: str) -> MailGroup:
        row = queries.lists(self._lists).filter(pk=int(id_)).first() if id_.isascii() and id_.isdigit() and len(id_) < 15 else None
        if row is None:
            raise NotFoundException(detail="There is no such group.")
        return row


def _is_user(resource_type: ResourceType) -> bool:
    return resource_type.name == "User"


def group_of(row: MailGroup) -> Group[Any]:
    """A list as the protocol has it."""
    members = [{"value": str(id_), "display": name, "type": "User", "$ref": f"Users/{id_}"} for id_, name in queries.members(row)]
    meta = {"resourceType": "Group", "created": row.made.isoformat(), "lastModified": row.made.isoformat()}
    return Group.model_validate({"id": str(row.pk), "displayName": row.name, "members": members or None, "meta": meta})
