"""A message of one's own in the pick-up portal (P-19)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Input, Seen
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.models import PickUp


class PickUpSeen(Input):
    """state: as it was read."""

    state = Seen()


class RevokePickUp(OwnAct["PickUp", PickUpSeen, "PickUp"]):
    """Revoke one; nobody can open it any more."""

    name, permission, input = "revoke_picked_up", "my.mail", PickUpSeen
    operation = Operation("/mail-secure/{int:id}/revoke", "write:mail", page="secure-one")

    model = "holding.PickUp"

    def perform(self, row: PickUp, given: PickUpSeen, *, actor: Actor, now: int) -> PickUp:
        from django.conf import settings

        from civicmail.desk.holding.actions import pickups

        return pickups.revoke(Path(str(settings.DATA)), row, actor=actor, reason="my own message", now=now)

    success_message = _("It is withdrawn. It can no longer be opened.")


REVOKE_PICK_UP = RevokePickUp()
