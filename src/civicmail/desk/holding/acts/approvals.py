"""Acts on approvals of files (P-22). A manager's answer stays by hand: its form is made of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Input, reason

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Approval


class Look(Input):
    """reason: the next head's comment, at least ten characters."""

    reason = reason("What do you say about it?", "At least 10 characters.", min_length=10)


class RecordLook(Act["Approval", Look, "Approval"]):
    """Record, as the next head, that a self-approval was reviewed."""

    name, permission, input = "record_look", "approval.sample", Look
    operation = Operation("/approvals/{int:id}/sample", "write:files", page="approval-sample")
    model, related = "holding.Approval", ("person", "department")
    success_message = "Your look is recorded."

    def resource(self, row: Approval, actor: Actor) -> Resource:
        from civicmail.desk.holding import approvers

        return approvers.sample_resource(row)

    def perform(self, row: Approval, given: Look, *, actor: Actor, now: int) -> Approval:
        from civicmail.desk.holding.actions import approval_decisions

        approval_decisions.record_sample_review(row, actor=actor, reason=given.reason, now=now)
        return row


RECORD_LOOK = RecordLook()
