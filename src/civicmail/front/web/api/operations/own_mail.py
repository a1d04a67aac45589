"""My quarantine, sender verification, pick-up, and digest times (P-02, P-19, P-27)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Schema

from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import me, require
from civicmail.desk.holding import pickup_states, release_states, verification_states
from civicmail.desk.holding.actions.release_own import OwnRelease
from civicmail.desk.holding.acts.digests import PLAN_DIGEST
from civicmail.desk.holding.acts.own_releases import RELEASE_MAIL, WITHDRAW_RELEASE
from civicmail.desk.holding.acts.pickups import REVOKE_PICK_UP
from civicmail.desk.holding.acts.sender_verifications import VERIFY_SENDER
from civicmail.desk.holding.models import Digest, PickUp, Release
from civicmail.desk.holding.views.sender_verification import VerificationCase
from civicmail.desk.incidents.acts.own_reports import REPORT_DANGER
from civicmail.desk.mailbox.acts.invitations import ANSWER_INVITATION
from civicmail.desk.mailbox.acts.messages import TAKE_MAIL
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.mail import ONE
from civicmail.front.web.api.operations.mail import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as


class Gone(Schema):
    """let: copies that go now; kept: that stay, because the checks have found something else; asked: the number of the request,
    where somebody has to be asked; kind: who is: other, confidential or malware."""

    let: int
    kept: int
    asked: int | None
    kind: str


class MyRequest(RowSchema):
    """What I asked for. state: asked, agreed, released, kept, refused, withdrawn or lapsed."""

    id: int
    message: uuid.UUID
    kind: str
    state: Annotated[str, shown_as(release_states.WORDS)]
    why: str
    made: datetime


class Really(Schema):
    """Is it really from them? claimed: the address that it shows; to: whom one would ask, empty where nobody can be asked; own: a
    colleague's account itself sent it, so that asking tells nothing; state: empty before it was asked, asked, yes, no or lapsed;
    said: what they add."""

    claimed: str
    to: str
    own: bool
    state: Annotated[str, shown_as(verification_states.WORDS)]
    said: str


class Digests(Schema):
    """days: daily, working or weekly; hour: from 5 to 19."""

    days: str
    hour: int


class Opening(Schema):
    """client: the network address from which a message was opened."""

    at: datetime
    client: str


class PickedUp(RowSchema):
    """A message of mine in the pick-up portal. state: as on the page; openings: how often it was opened; opened_from: the newest
    50 of them; sender_only: the reader cannot choose the passphrase."""

    id: int
    message: uuid.UUID
    to: str
    state: Annotated[str, shown_as(pickup_states.WORDS)]
    made: datetime
    until: datetime
    opened: datetime | None
    openings: int
    opened_from: list[Opening]
    sender_only: bool


def _gone(done: OwnRelease) -> Gone:
    if done.request is None:
        return Gone(let=done.released, kept=done.kept, asked=None, kind="")
    return Gone(let=0, kept=0, asked=done.request.pk, kind=done.request.kind)


act_operation(router, RELEASE_MAIL, Gone, _gone)


@operation(router, "GET", "/my/releases", act="my.mail", scope="read:mail", page="mail-release", response=list[MyRequest])
def list_my_releases(request: Call, response: HttpResponse) -> list[MyRequest]:
    """List my release requests, newest first."""
    return pagination.rows(request, response, _requests(request), _request, by="-pk")


act_operation(router, WITHDRAW_RELEASE, MyRequest, lambda row: _request(row))


def _requests(request: Call) -> QuerySet[Release]:
    require(request, "my.mail", OfPerson(me(request).uid))
    return Release.objects.filter(requester=me(request))


def _request(r: Release) -> MyRequest:
    return MyRequest.from_row(r, message=uuid.UUID(r.capture))


# -- really from them?


@operation(router, "GET", f"{ONE}/verify", act="sender.verify", scope="read:mail", page="mail-verify", response=Really)
def read_verification(request: Call, id: uuid.UUID) -> Really:
    """Read who would confirm that a message is authentic, and the answer."""
    return _really(act_pages.permitted_row(VERIFY_SENDER, request, id))


def _really(case: VerificationCase) -> Really:
    row = case.asked
    return Really(
        claimed=case.claim.address, to=case.by.address if case.by is not None else "", own=case.own,
        state=row.state if row is not None else "", said=row.said if row is not None else "",
    )  # fmt: skip


act_operation(router, VERIFY_SENDER, Really, _really)


# -- what somebody does about it


class Reporting(Schema):
    """what: danger, which security hears of; of mail from outside also spam or good, from which the filter learns."""

    what: str


act_operation(router, REPORT_DANGER, Reporting, lambda what: Reporting(what=what))


class TakingCare(Schema):
    """mailbox: of a function, to which it came; what: take, or let-go."""

    mailbox: str
    what: str = "take"


class MeetingAnswer(Schema):
    """answer: ACCEPTED, TENTATIVE or DECLINED (RFC 5546)."""

    answer: str


act_operation(router, TAKE_MAIL, TakingCare, lambda done: TakingCare(mailbox=done[0], what=done[1]))


act_operation(router, ANSWER_INVITATION, MeetingAnswer, lambda answer: MeetingAnswer(answer=answer))


# -- when I hear of it, and what waits in the portal


@operation(router, "GET", "/me/digest", act="my.mail", scope="read:mail", page="mail-digest", response=Digests)
def read_digest_plan(request: Call) -> Digests:
    """Read my digest times."""
    require(request, "my.mail", OfPerson(me(request).uid))
    row = Digest.objects.filter(person=me(request)).first() or Digest()
    return Digests(days=row.days, hour=row.hour)


act_operation(router, PLAN_DIGEST, Digests, lambda row: Digests(days=row.days, hour=row.hour))


@operation(router, "GET", "/mail-secure", act="my.mail", scope="read:mail", page="secure-mail", response=list[PickedUp])
def list_picked_up(request: Call, response: HttpResponse) -> list[PickedUp]:
    """List my messages in the pick-up portal, newest first."""
    require(request, "my.mail", OfPerson(me(request).uid))
    mine = PickUp.objects.filter(person=me(request)).prefetch_related("opened_from")
    return pagination.rows(request, response, mine, _picked_up, by="-pk")


def _picked_up(p: PickUp) -> PickedUp:
    return PickedUp.from_row(
        p, message=uuid.UUID(p.capture), opened_from=[Opening(at=o.at, client=o.client) for o in list(p.opened_from.all())[:50]]
    )


act_operation(router, REVOKE_PICK_UP, PickedUp, _picked_up)
