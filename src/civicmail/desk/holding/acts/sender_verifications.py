"""Ask the sender of a message at a known address whether they sent it (P-27)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Nothing
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.views.sender_verification import VerificationCase


class VerifySender(OwnAct["VerificationCase", Nothing, "VerificationCase"]):
    """Ask the sender at a known address; a repeated request returns the first."""

    name, permission, input = "verify_sender", "sender.verify", Nothing
    operation = Operation("/mail/{uuid:id}/verify", "write:mail", page="mail-verify")

    def load(self, id: uuid.UUID, *, actor: Actor, now: int) -> VerificationCase:
        from civicmail.desk.holding.views.sender_verification import case_for
        from civicmail.desk.mailbox.views.opened_message import message_of

        return case_for(message_of(actor, id, now=now), actor.uid, now)

    def perform(self, row: VerificationCase, given: Nothing, *, actor: Actor, now: int) -> VerificationCase:
        from civicmail.city.guard.actions.acting import acting_person
        from civicmail.desk.holding.actions import sender_verification

        if row.asked is not None:
            return row
        asked = sender_verification.ask(
            uuid.UUID(row.capture.uuid),
            row.capture.received,
            row.claim.address,
            row.by,
            asker=acting_person(actor),
            actor=actor,
            reason="asked by the reader",
            now=now,
        )
        return replace(row, asked=asked)

    success_message = _("The question was sent. You get the answer by mail, and see it here.")


VERIFY_SENDER = VerifySender()
