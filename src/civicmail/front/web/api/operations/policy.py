"""The e-mail policy: versions, acknowledgments, signed papers (P-18; P1, P3)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import policy as verbs
from civicmail.city.identity.acts.policy_answers import RECORD_PAPER
from civicmail.city.identity.models import Acknowledgement, PolicyText
from civicmail.city.identity.queries import policy_answers
from civicmail.city.identity.views.officeforms import PolicyWords
from civicmail.city.pages.city_request import require
from civicmail.city.pages.forms import ReasonForm
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

router = Router(tags=["Policy"])


class Version(RowSchema):
    """material: it is asked of everybody; accepted, declined: how many said so."""

    version: int
    title: str
    changed: str
    material: bool
    published: datetime
    accepted: int
    declined: int


class Text(RowSchema):
    """text: empty lines part paragraphs, "# " starts a heading; sha256: of it, which an answer names."""

    version: int
    title: str
    text: str
    changed: str
    material: bool
    published: datetime
    sha256: str


class Publishing(request_bodies.Because):
    """after: the newest version when the writer began, 0 for none."""

    title: str
    text: str
    changed: str = ""
    material: bool
    after: int


class PaperRecorded(RowSchema):
    """accepted: what the paper says."""

    person: str
    version: int
    accepted: bool
    reference: str
    at: datetime


@operation(router, "GET", "/policy", act="policy.publish", scope="read:policy", page="policies", response=list[Version])
def list_policy(request: Call, response: HttpResponse) -> list[Version]:
    """List all published versions, newest first, with acceptances."""
    require(request, "policy.publish")
    answers = policy_answers.counts()

    def line(t: PolicyText) -> Version:
        return Version.from_row(t, accepted=answers.get((t.pk, True), 0), declined=answers.get((t.pk, False), 0))

    return pagination.rows(request, response, PolicyText.objects.defer("text"), line, by="-version")


@operation(router, "GET", "/policy/{int:version}", act="policy.read", scope="read:policy", page="policy", response=Text)
def read_policy(request: Call, version: int) -> Text:
    """Read any published version."""
    require(request, "policy.read")
    return Text.from_row(get_object_or_404(PolicyText, version=version))


@operation(router, "POST", "/policy", act="policy.publish", scope="write:policy", page="policy-new", response=Text, status=201)
def publish_policy(request: Call, body: Publishing) -> Text:
    """Publish the next version; a material one must be accepted again."""
    require(request, "policy.publish")
    plain = request_bodies.plain(body, material="yes" if body.material else "no")
    c, reason = request_bodies.checked(PolicyWords(body.after == 0, plain)), request_bodies.checked(ReasonForm(plain))["reason"]
    text = c["text"].replace("\r\n", "\n").strip()

    def do() -> Text:
        made = verbs.publish(
            c["title"], text, changed=c["changed"], material=body.material, after=c["after"], actor=request.actor, reason=reason,
            now=epoch_ms(request.now),
        )  # fmt: skip
        return Text.from_row(made)

    return once(request, do)


def _recorded(made: Acknowledgement) -> PaperRecorded:
    return PaperRecorded.from_row(made, person=made.person.uid, version=made.text.version)


act_operation(router, RECORD_PAPER, PaperRecorded, _recorded)
