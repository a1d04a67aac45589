"""Examinations: request, decision, end, and content views, each with an audit entry first (P-16, E2 to E8)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse, HttpResponseBase
from ninja import Router

from civicmail.city.guard import examination_grounds
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.actions import content_views
from civicmail.city.identity.actions import mandates as verbs
from civicmail.city.identity.examination_labels import EXAMINATIONS
from civicmail.city.pages.city_request import require_could
from civicmail.core.query.parse import parse
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.acts.examinations import (
    CLOSE_MANDATE,
    DECIDE_MANDATE,
    RATIFY_MANDATE,
    SEAL_MANDATE,
    STOP_MANDATE,
    UNSEAL_MANDATE,
    WITHDRAW_MANDATE,
)
from civicmail.desk.workbench.forms import RequestForm
from civicmail.desk.workbench.scope import Gate
from civicmail.desk.workbench.views import examination, message_pages, search_page
from civicmail.front.web.api import etags, pagination, request_bodies
from civicmail.front.web.api import message_content as shown
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as, who
from civicmail.mail.search.search import Hit, search

router = Router(tags=["Examinations"])
ONE = "/mandates/{str:number}"


class Mandate(RowSchema):
    """One case. ground: request, examination, litigation or continuity; duty: as what; subjects: how many people it is about;
    people: who they are, for who asked, who decides or decided; first, last: received between; state: asked, approved, open,
    urgent, closed, ended, refused, withdrawn or lapsed."""

    number: str
    ground: str
    duty: str
    person: Who
    department: str
    subjects: int
    people: list[Who]
    words: str
    first: datetime | None
    last: datetime | None
    days: int
    reason: str
    sealed: bool
    state: Annotated[str, shown_as(EXAMINATIONS)]
    asked: datetime
    approver: Who | None
    decided: datetime | None
    starts: datetime | None
    until: datetime | None


class AskingMandate(request_bodies.Because):
    """people: numbers, addresses or whole names, or department: the code of a whole one; first, last: days."""

    ground: str
    duty: str
    people: tuple[str, ...] = ()
    department: str = ""
    first: date | None = None
    last: date | None = None
    words: str = ""
    days: int = 14
    sealed: bool = False


class MandateHit(RowSchema):
    """A message that was found under a mandate."""

    id: uuid.UUID
    sha256: str
    received: datetime
    sender: str
    to: list[str]
    subject: str
    size: int


@operation(router, "GET", "/mandates", act="mandate.see", scope="read:mandates", page="mandates", response=list[Mandate])
def list_mandates(request: Call, response: HttpResponse) -> list[Mandate]:
    """List examinations that I requested or decided, newest first; for auditors all that are not sealed."""
    require_could(request, "mandate.see")
    rows = queries.listed(request.actor).select_related("person", "department", "approver").prefetch_related("subjects__person")
    return pagination.rows(request, response, rows.distinct(), lambda r: mandate(r, _is_near(r, request)), by="-pk")


def _is_near(row: Row, request: Call) -> bool:
    """An auditor sees in a list how many, never who (pages, /oversight/)."""
    return request.actor.uid in (row.person.uid, row.approver.uid if row.approver else "")


def mandate(r: Row, near: bool) -> Mandate:
    """A case as a program reads it. near: whoever asks is of it, and may know who it is about."""
    people = [s.person for s in r.subjects.all() if s.until is None]
    return Mandate.from_row(r, duty=r.role, subjects=len(people), people=[who(p) for p in people] if near else [])


@operation(router, "GET", ONE, act="mandate.see", scope="read:mandates", page="mandate", response=Mandate)
def read_mandate(request: Call, response: HttpResponse, number: str) -> Mandate:
    """Read an examination: people, ground, scope, end."""
    return etags.with_etag(response, mandate(examination.seen(request, number), True))


@operation(router, "POST", "/mandates", act="mandate.ask", scope="write:mandates", page="mandate-new", response=Mandate, status=201)
def ask_mandate(request: Call, body: AskingMandate) -> Mandate:
    """Request an examination of other people's mail; a second person decides."""
    require_could(request, "mandate.ask")
    now = epoch_ms(request.now)
    plain = request_bodies.plain(body, way=f"{body.ground}/{body.duty}")
    form = RequestForm(
        plain,
        actor=request.actor,
        ways=examination_grounds.available_rules(request.actor, now),
        departments=queries.choosable(request.actor),
    )
    c = request_bodies.checked(form)
    ground, role = form.way_of()

    def do() -> Mandate:
        made = verbs.ask(ground, role, form.scope(), actor=request.actor, now=now, sealed=c["sealed"])
        return mandate(made, True)

    return once(request, do)


for act in (DECIDE_MANDATE, WITHDRAW_MANDATE, STOP_MANDATE, CLOSE_MANDATE, RATIFY_MANDATE, SEAL_MANDATE, UNSEAL_MANDATE):
    act_operation(router, act, Mandate, lambda row: mandate(row, True))


@operation(
    router, "GET", f"{ONE}/messages", act="content.list", scope="read:content", page="mandate-search", response=list[MandateHit]
)
def search_under_mandate(request: Call, response: HttpResponse, number: str, q: str = "") -> list[MandateHit]:
    """Search within an examination, newest first. The audit entry is durable before the search."""
    _, mandate = examination.looking(request, number)
    limit, after, now = pagination.limit_of(request), pagination.cursor(request), epoch_ms(request.now)
    with understood():
        parse(q, now=request.now)
        facts = {"query": q, "sort": "newest", "door": "api"}
        permit = content_views.under(mandate, "content.list", actor=request.actor, facts=facts, now=now)
        index = store()
        reader = index.reader_for(permit.person, whole=True)
        gate = Gate(installation(), index.archive(), permit, mandate, now)
        tree = gate.privilege.readable(search_page.within(reader, gate, mandate, q, now))
        page = search(reader, tree, limit=limit, sort="newest", cursor=str(after or ""), scored=False)
    if page.cursor:
        pagination.link(request, response, page.cursor)
    return [_hit(hit) for hit in page.hits]


def _hit(hit: Hit) -> MandateHit:
    return MandateHit.from_row(hit, id=uuid.UUID(hit.id), sender=hit.from_)


@operation(
    router, "GET", f"{ONE}/messages/{{uuid:id}}", act="content.show", scope="read:content", page="mandate-message",
    response=shown.Message,
)  # fmt: skip
def read_under_mandate(request: Call, number: str, id: uuid.UUID) -> shown.Message:
    """Read a message within an examination: audit entry first, then scope check, then content."""
    capture, content = _opened(request, number, id, {"view": "api"})
    return shown.message(request, capture, content)


@operation(router, "GET", f"{ONE}/messages/{{uuid:id}}/raw", act="content.attachment", scope="read:content", page="mandate-raw")
def read_raw_under_mandate(request: Call, number: str, id: uuid.UUID) -> HttpResponseBase:
    """Download the whole message (message/rfc822), with an audit entry of its own."""
    request.method = "POST"  # the page takes no GET, so that no link makes an entry; a token is no link
    return message_pages.raw(request, number, id)


@operation(router, "GET", f"{ONE}/messages/{{uuid:id}}/part", act="content.attachment", scope="read:content", page="mandate-part")
def read_part_under_mandate(request: Call, number: str, id: uuid.UUID, path: str = "") -> HttpResponseBase:
    """Download a file by its path from `read_under_mandate`, with an audit entry of its own."""
    request.method = "POST"  # as above
    return message_pages.part(request, number, id)


def _opened(request: Call, number: str, id_: uuid.UUID, facts: dict[str, Any]) -> tuple[Any, bytes]:
    _, mandate = examination.looking(request, number)
    place = message_pages.place_of(id_)
    permit = message_pages.permits(request, mandate)("content.show", {"id": place.uuid, **facts})
    archive = store().archive()
    return archive.capture(permit, place), archive.body(permit, place)
