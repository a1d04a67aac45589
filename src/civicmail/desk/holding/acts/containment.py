"""Locking a compromised account, and releasing it with the held messages that may go (P-25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choices, Input, OptionalNumber, Seen, Several, reason
from civicmail.desk.holding.containment_states import OPEN

if TYPE_CHECKING:
    from civicmail.desk.holding.containment_groups import MessageGroup
    from civicmail.desk.holding.models import Containment


class AccountSeen(Input):
    """state: as seen."""

    state = Seen(default="held")


class AccountRelease(AccountSeen):
    """go: keys of the groups that go, the rest stays held; allowed: recipients outside within an hour for a week, left out for as
    many as everybody has; reason: whom one spoke to, and what they changed."""

    go = Several(label="Which messages go?", required=False)
    allowed = OptionalNumber(
        label="Recipients outside within an hour, for a week", minimum=1, maximum=10_000,
        help="Only where the owner has a reason to send so much. Empty: as for everybody.",
    )  # fmt: skip
    reason = reason(
        "Why is it their owner's again?", "At least 10 characters: whom you spoke to, and what they changed.", min_length=10
    )


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """A compromised account with what is held of it and can still be released."""

    row: Containment
    groups: list[MessageGroup]

    @property
    def state(self) -> str:
        return self.row.state


class LockAccount(Act["Containment", AccountSeen, "Containment"]):
    """Lock an account at every entry point: pages, IMAP, submission, tokens and device passwords."""

    name, permission, input = "lock_contained", "containment.lock", AccountSeen
    operation = Operation("/contained/{int:id}/lock", "write:holding", page="containment")

    def load(self, pk: int, *, actor: Actor, now: int) -> Containment:
        return _account(pk, actor, now)

    def resource(self, row: Containment, actor: Actor) -> Resource:
        return _resource(row)

    def perform(self, row: Containment, given: AccountSeen, *, actor: Actor, now: int) -> Containment:
        from civicmail.desk.holding.actions import containment

        return containment.lock(row, actor=actor, reason=containment.reason_to_lock(row), now=now)

    def message(self, row: Containment, done: Containment) -> str:
        from civicmail.desk.holding.actions.containment import account_name

        return f"Every door of {account_name(row)} is locked: pages, IMAP, sending, tokens and device passwords."


class ReleaseAccount(Act[HeldAccount, AccountRelease, "Containment"]):
    """Unlock an account and release the named held mail; or, later, release more of it."""

    name, permission, input = "release_contained", "containment.release", AccountRelease
    operation = Operation("/contained/{int:id}/release", "write:holding", page="containment")

    def load(self, pk: int, *, actor: Actor, now: int) -> HeldAccount:
        from civicmail.desk.holding.actions import containment

        row = _account(pk, actor, now)
        return HeldAccount(row, containment.releasable_groups(row, now))

    def resource(self, row: HeldAccount, actor: Actor) -> Resource:
        return _resource(row.row)

    def choices(self, row: HeldAccount, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.holding.views.containment import group_choices

        return {"go": group_choices(row.groups)}

    def initial(self, row: HeldAccount) -> Mapping[str, list[str]]:
        return {"go": [group.key for group in row.groups if row.state in OPEN and group.is_likely_honest]}

    def perform(self, row: HeldAccount, given: AccountRelease, *, actor: Actor, now: int) -> Containment:
        from civicmail.desk.holding.actions import containment

        return containment.release_groups(
            row.row, row.groups, given.go, allowed=given.allowed or 0, actor=actor, reason=given.reason, now=now
        )

    def message(self, row: HeldAccount, done: Containment) -> str:
        count = f"Messages that go now: {len(done.let)}"
        return f"The account is released. {count}; what was not chosen stays held." if row.state in OPEN else f"{count}."

    next_page = "containment"


def _account(pk: int, actor: Actor, now: int) -> Containment:
    from django.shortcuts import get_object_or_404

    from civicmail.city.guard import guard
    from civicmail.desk.holding.models import Containment

    guard.require(actor, "containment.see", now=now)
    return get_object_or_404(Containment.objects.select_related("person", "locker", "releaser"), pk=pk)


def _resource(row: Containment) -> Resource:
    from civicmail.desk.holding.actions import containment

    return containment.about(row)


LOCK_ACCOUNT, RELEASE_ACCOUNT = LockAccount(), ReleaseAccount()
