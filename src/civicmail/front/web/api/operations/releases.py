"""Release requests, campaigns and appeals (P-02, P-19, P-25, P-29). Nobody reads a message for this; that needs an examination."""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages.act_pages import form_of
from civicmail.city.pages.city_request import require
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.acts.appeals import ANSWER_APPEAL
from civicmail.desk.holding.acts.quarantine import RELEASE_COPY, REQUEST_RELEASE
from civicmail.desk.holding.acts.release_requests import ANSWER_RELEASE
from civicmail.desk.holding.lists.appeals import APPEALS
from civicmail.desk.holding.lists.release_requests import RELEASE_REQUESTS
from civicmail.desk.mailbox.lists.unencrypted_mail import UNENCRYPTED_MAIL
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations_decorator import operation

ONE = "/releases/{int:id}"
CONTEST = "/contests/{int:id}"
RELEASE_ROW = list_operation(router, RELEASE_REQUESTS)
APPEAL_ROW = list_operation(router, APPEALS)
list_operation(router, UNENCRYPTED_MAIL)


class CopyOf(Schema):
    """One copy: the message and its index, as `list_quarantine` names it."""

    id: uuid.UUID
    index: int


class Together(Schema):
    """At most fifty copies of one campaign that the spam filter alone keeps; reason: why they are no spam."""

    copies: list[CopyOf]
    reason: str


class LetTogether(Schema):
    """How many go, and how many stay because the checks have found something else."""

    let: int
    kept: int


@operation(router, "GET", ONE, act="releases.see", scope="read:holding", page="release", response=RELEASE_ROW.schema)
def read_release(request: Call, id: int) -> Schema:
    """Read a release request, and what holds the copy."""
    require(request, "releases.see")
    return RELEASE_ROW(get_object_or_404(RELEASE_REQUESTS.queryset(), pk=id))


@operation(
    router, "POST", "/quarantine/together", act="quarantine.release", scope="write:holding", page="quarantine-together",
    response=LetTogether,
)  # fmt: skip
def release_together(request: Call, body: Together) -> LetTogether:
    """Release several copies of one spam campaign, with one reason."""
    require(request, "quarantine.see")
    require(request, "quarantine.release")
    reason = request_bodies.checked(form_of(RELEASE_COPY, None, request.actor, {"reason": body.reason}))["reason"]
    keys = {(copy.id.bytes, copy.index) for copy in body.copies}

    def do() -> LetTogether:
        copies = [c for c in queries.copies(epoch_ms(request.now)) if (c.id, c.index) in keys]
        if len(copies) != len(keys):
            raise Conflict("Some of these copies are no longer held. Read the list again.")
        let, kept = release_copies.release_campaign(copies, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        return LetTogether(let=let, kept=kept)

    return once(request, do)


for act in (ANSWER_RELEASE, REQUEST_RELEASE):
    act_operation(router, act, RELEASE_ROW.schema, RELEASE_ROW)


# -- who says that we were wrong


@operation(router, "GET", CONTEST, act="contests.see", scope="read:holding", page="contest", response=APPEAL_ROW.schema)
def read_contest(request: Call, id: int) -> Schema:
    """Read an appeal."""
    require(request, "contests.see")
    return APPEAL_ROW(get_object_or_404(APPEALS.queryset(), pk=id))


act_operation(router, ANSWER_APPEAL, APPEAL_ROW.schema, APPEAL_ROW)
