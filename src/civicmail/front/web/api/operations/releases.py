"""Release requests, campaigns and appeals (P-02, P-19, P-25, P-29). Nobody reads a message for this; that needs an examination."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages.act_pages import form_of
from civicmail.city.pages.city_request import require
from civicmail.desk.holding import queries, release_states
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.acts.appeals import ANSWER_APPEAL
from civicmail.desk.holding.acts.quarantine import RELEASE_COPY, REQUEST_RELEASE
from civicmail.desk.holding.acts.release_requests import ANSWER_RELEASE
from civicmail.desk.holding.models import Contest, Release
from civicmail.desk.mailbox.models import SentPlain
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations.holding import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, maybe, who

ONE = "/releases/{int:id}"
CONTEST = "/contests/{int:id}"
WITH = ("requester", "first", "person")


class ReleaseRequest(Schema):
    """Somebody asks that copies of a message are let go. kind: other (one officer), confidential (a privacy officer) or malware
    (two officers); sender: whoever asks has sent it; state: asked, agreed, released, kept, refused, withdrawn or lapsed; why: in
    the words of whoever asks; first: of two officers, who agreed."""

    id: int
    message: uuid.UUID
    copies: list[int]
    kind: str
    rules: list[str]
    sender: bool
    state: str
    requester: Who
    why: str
    made: datetime
    first: Who | None
    person: Who | None


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


class ContestLine(Schema):
    """Somebody says that a decision was wrong. contact: where they are answered; answer: empty while it waits, then upheld,
    released or corrected."""

    id: int
    message: uuid.UUID
    rules: list[str]
    text: str
    contact: str
    made: datetime
    answer: str
    person: Who | None


@operation(router, "GET", "/releases", act="releases.see", scope="read:holding", page="releases", response=list[ReleaseRequest])
def list_releases(request: Call, response: HttpResponse, state: str = "") -> list[ReleaseRequest]:
    """List release requests, newest first. state: only those; waits: those to be decided."""
    require(request, "releases.see")
    rows = Release.objects.select_related(*WITH)
    rows = rows.filter(state__in=release_states.OPEN if state == "waits" else [state]) if state else rows
    return pagination.rows(request, response, rows, _release, by="-pk")


@operation(router, "GET", ONE, act="releases.see", scope="read:holding", page="release", response=ReleaseRequest)
def read_release(request: Call, id: int) -> ReleaseRequest:
    """Read a release request, and what holds the copy."""
    require(request, "releases.see")
    return _release(get_object_or_404(Release.objects.select_related(*WITH), pk=id))


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
            raise Conflict("Some of these copies are not kept back any more; read the list again.")
        let, kept = release_copies.release_campaign(copies, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        return LetTogether(let=let, kept=kept)

    return once(request, do)


def _release(r: Release) -> ReleaseRequest:
    return ReleaseRequest(
        id=r.pk, message=uuid.UUID(r.capture), copies=list(r.copies), kind=r.kind, rules=_named(r.rules), sender=r.sender,
        state=r.state, requester=who(r.requester), why=r.why, made=r.made, first=maybe(r.first), person=maybe(r.person),
    )  # fmt: skip


for act in (ANSWER_RELEASE, REQUEST_RELEASE):
    act_operation(router, act, ReleaseRequest, _release)


def _named(rules: str) -> list[str]:
    return [name for name in rules.split(",") if name]


# -- who says that we were wrong


@operation(router, "GET", "/contests", act="contests.see", scope="read:holding", page="contests", response=list[ContestLine])
def list_contests(request: Call, response: HttpResponse) -> list[ContestLine]:
    """List appeals against decisions about mail, newest first."""
    require(request, "contests.see")
    return pagination.rows(request, response, Contest.objects.select_related("person"), _contest, by="-pk")


@operation(router, "GET", CONTEST, act="contests.see", scope="read:holding", page="contest", response=ContestLine)
def read_contest(request: Call, id: int) -> ContestLine:
    """Read an appeal."""
    require(request, "contests.see")
    return _contest(get_object_or_404(Contest.objects.select_related("person"), pk=id))


def _contest(c: Contest) -> ContestLine:
    return ContestLine(
        id=c.pk, message=uuid.UUID(c.capture), rules=_named(c.rules), text=c.text, contact=c.contact, made=c.made, answer=c.answer,
        person=maybe(c.person),
    )  # fmt: skip


act_operation(router, ANSWER_APPEAL, ContestLine, _contest)

# -- what went unencrypted


class SentPlainLine(Schema):
    """A message that rules would have encrypted, and that its sender has sent as it is. rules: that were put aside; copies: how
    many."""

    id: int
    made: datetime
    person: Who
    department: str
    reason: str
    rules: list[str]
    copies: int


@operation(router, "GET", "/sent-plain", act="plain.see", scope="read:holding", page="sent-plain", response=list[SentPlainLine])
def list_sent_plain(request: Call, response: HttpResponse) -> list[SentPlainLine]:
    """List mail that was sent unencrypted against a rule, with reasons, newest first."""
    require(request, "plain.see")
    return pagination.rows(request, response, SentPlain.objects.select_related("person"), _plain, by="-pk")


def _plain(p: SentPlain) -> SentPlainLine:
    return SentPlainLine(
        id=p.pk, made=p.made, person=who(p.person), department=p.department, reason=p.reason, rules=_named(p.rules), copies=p.copies
    )
