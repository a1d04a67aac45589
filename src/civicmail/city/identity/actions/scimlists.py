"""Set the members of lists that the identity provider maintains (M1, L1; RFC 7643 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from civicmail.city.directory.actions import groups
from civicmail.city.directory.models import Mailbox, MailGroup
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.queries.scim import provided_boxes, users

SOURCE = "SCIM"


def set_members(group: MailGroup, member_ids: Sequence[str], *, actor: Actor, now: int) -> None:
    """Set the users (by id) on a list; members who are not users of the provider stay. All or nothing. Raises Unusable for an
    unknown user or one without a mailbox, Conflict for a closed list."""
    guard.require(actor, "feed.take", now=now)
    with locked_row(group, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"The list {row} was closed.")
        stays = row.members.exclude(pk__in=provided_boxes().values("pk"))
        facts = groups.change(row, [*stays, *_boxes(member_ids)], row.subgroups.all())
        if facts["added"] or facts["removed"]:
            entries.enter("group.change", actor=actor, reason=SOURCE, now=now, object=f"group:{row.address}", facts=facts)
            publish_on_commit(later=True)


def _boxes(member_ids: Sequence[str]) -> list[Mailbox]:
    """The mailbox of each."""
    uids: dict[str, str] = {}
    good = {id_ for id_ in member_ids if _is_uuid(id_)}
    for id_, uid in users().filter(uuid__in=good).values_list("uuid", "uid"):
        uids[str(id_)] = uid
    if missing := [id_ for id_ in member_ids if id_ not in uids]:
        raise Unusable(f"There is no user {missing[0][:60]}.")
    boxes = {box.holder.uid: box for box in provided_boxes().filter(holder__uid__in=uids.values()) if box.holder is not None}
    if without := sorted(set(uids.values()) - set(boxes)):
        raise Unusable(f"{without[0]} has no mailbox yet; the department decides on that first.")
    return list(boxes.values())


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
