"""Releasing a copy from quarantine, or asking those who decide about it (P-02, P-25)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Input, Text

if TYPE_CHECKING:
    from civicmail.desk.holding.held_copies import HeldCopy
    from civicmail.desk.holding.models import Release
    from civicmail.mail.pipeline.release_copies import Released


class NoSpam(Input):
    """reason: why it is no spam, in at least ten characters."""

    reason = Text(
        label="Why is it no spam?", help="It stays in the record of the message; the filter learns from your answer.",
        min_length=10, rows=2,
    )  # fmt: skip


class ReleaseReason(NoSpam):
    """reason: why it should go, in at least ten characters."""

    reason = Text(
        label="Why should it go?", help="At least 10 characters. It stays in the record of the message.", min_length=10, rows=2
    )


class RequestReason(Input):
    """reason: why it should go, in at least ten characters; those who decide read it."""

    reason = Text(
        label="Why should it go?", help="At least 10 characters. Those who decide read it; whoever asks is none of them.",
        min_length=10,
    )  # fmt: skip


class _OnCopy[Given: Input, Done](Act["HeldCopy", Given, Done]):
    permission = "quarantine.release"
    view_permission = "quarantine.see"

    def load(self, capture: uuid.UUID, index: int, *, actor: Actor, now: int) -> HeldCopy:

        from civicmail.city.pages.city_request import or_404
        from civicmail.desk.holding import queries

        return or_404(queries.copy(capture.bytes, index, now))


class _Release[Given: NoSpam](_OnCopy[Given, "Released"]):
    def perform(self, row: HeldCopy, given: Given, *, actor: Actor, now: int) -> Released:
        from civicmail.desk.holding.actions import release_copies

        return release_copies.release(row, actor=actor, reason=given.reason, now=now)


class ReleaseCopy(_Release[NoSpam]):
    """One copy may go, because an officer says that it is no spam; what else keeps it is said."""

    name, input = "release_copy", NoSpam
    operation = Operation("/quarantine/{uuid:id}/{int:index}/release", "write:holding", page="quarantine-release")


class RetryRelease(_Release[ReleaseReason]):
    """A copy may go as soon as the check answers that was unavailable."""

    name, input = "retry_release", ReleaseReason


class RequestRelease(_OnCopy[RequestReason, "Release"]):
    """Ask, as an officer, that a copy is let go which no officer lets go alone."""

    name, input = "ask_release", RequestReason
    operation = Operation("/quarantine/{uuid:id}/{int:index}/ask", "write:holding", page="quarantine-release", status=201)

    def perform(self, row: HeldCopy, given: RequestReason, *, actor: Actor, now: int) -> Release:
        from civicmail.desk.holding.actions import release_requests

        return release_requests.request_release([row], actor=actor, reason=given.reason, now=now)


RELEASE_COPY, RETRY_RELEASE, REQUEST_RELEASE = ReleaseCopy(), RetryRelease(), RequestRelease()
