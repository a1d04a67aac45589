"""What somebody asked for about mail of their own that is kept back (P-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.access.act import Operation, OwnAct
from civicmail.city.access.actors import Actor
from civicmail.city.access.inputs import Input, Seen
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Release


class RequestSeen(Input):
    """state: as it was read."""

    state = Seen(default="asked")


class WithdrawRelease(OwnAct["Release", RequestSeen, "Release"]):
    """Withdraw a release request."""

    name, permission, input = "withdraw_release", "my.mail", RequestSeen
    operation = Operation("/my/releases/{int:id}/withdraw", "write:mail", page="mail-release")

    def load(self, pk: int, *, actor: Actor, now: int) -> Release:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.holding.models import Release

        return get_object_or_404(Release, pk=pk, requester__uid=actor.uid)

    def perform(self, row: Release, given: RequestSeen, *, actor: Actor, now: int) -> Release:
        from civicmail.desk.holding.actions import release_requests

        return release_requests.withdraw(row, actor=actor, now=now)

    success_message = _("You do not ask for it any more.")


WITHDRAW_RELEASE = WithdrawRelease()
