"""Privileged mail: addresses, messages of examinations, and what the city attorney clears (P-16; E7)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.identity.actions import content_views
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import or_404
from civicmail.core.query.parse import parse
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.workbench import withheld
from civicmail.desk.workbench.actions import privilege as verbs
from civicmail.desk.workbench.acts.privilege import ASK_CLEARANCE, DECIDE_CLEARANCE, END_ADDRESS, LIST_ADDRESS
from civicmail.desk.workbench.lists.privilege import CLEARANCES, PRIVILEGED_ADDRESSES
from civicmail.desk.workbench.models import Clearance
from civicmail.desk.workbench.scope import Gate
from civicmail.desk.workbench.views import examination, search_page
from civicmail.front.web.api import etags, pagination
from civicmail.front.web.api import message_content as shown
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import RowSchema

router = Router(tags=["Privileged mail"])
ONE = "/privileged-messages/{int:id}"


class PrivilegedStub(RowSchema):
    """A privileged message that matches, by date and kinds alone: attorney, health, union."""

    id: uuid.UUID
    received: datetime
    kinds: list[str]


class Clearing(Schema):
    """The messages that the city attorney is asked about; those that were asked for before are left out."""

    messages: list[uuid.UUID]


ADDRESS_ROW = list_operation(router, PRIVILEGED_ADDRESSES)
CLEARANCE_ROW = list_operation(router, CLEARANCES)
act_operation(router, LIST_ADDRESS, ADDRESS_ROW.schema, ADDRESS_ROW)
act_operation(router, END_ADDRESS, ADDRESS_ROW.schema, ADDRESS_ROW)


@operation(
    router, "GET", "/mandates/{str:number}/privileged", act="content.list", scope="read:content", page="mandate-privileged",
    response=list[PrivilegedStub],
)  # fmt: skip
def list_privileged_hits(request: Call, response: HttpResponse, number: str, q: str = "") -> list[PrivilegedStub]:
    """List privileged messages of an examination that match, newest first. The audit entry is durable before the search."""
    _, mandate = examination.looking(request, number)
    limit, after, now = pagination.limit_of(request), pagination.cursor(request), epoch_ms(request.now)
    with understood():
        parse(q, now=request.now)
        facts = {"query": q, "privileged": 1, "door": "api"}
        permit = content_views.under(mandate, "content.list", actor=request.actor, facts=facts, now=now)
        reader = store().reader_for(permit.person, whole=True)
        gate = Gate(installation(), store().archive(), permit, mandate, now)
        tree = search_page.within(reader, gate, mandate, q, now)
        page = withheld.stubs(reader, mandate, tree, limit=limit, cursor=str(after or ""))
    if page.following:
        pagination.link(request, response, page.following)
    return [PrivilegedStub(id=uuid.UUID(s.id), received=from_ms(s.at), kinds=list(s.kinds)) for s in page.stubs]


act_operation(router, ASK_CLEARANCE, Clearing, lambda rows: Clearing(messages=[uuid.UUID(row.capture) for row in rows]))


@operation(router, "GET", ONE, act="privilege.see", scope="read:mandates", page="clearance", response=CLEARANCE_ROW.schema)
def read_clearance(request: Call, response: HttpResponse, id: int) -> Schema:
    """Read what was asked about a privileged message, and the answer."""
    row = act_pages.permitted_row(DECIDE_CLEARANCE, request, id, view=True)
    return etags.with_etag(response, CLEARANCE_ROW(row))


@operation(
    router, "GET", f"{ONE}/message", act="content.privileged", scope="read:content", page="clearance-raw", response=shown.Message
)
def read_privileged_message(request: Call, id: int) -> shown.Message:
    """Read the message that the city attorney is asked to clear; each reading is an audit entry."""
    row = get_object_or_404(Clearance.objects.select_related("mandate", "person"), pk=id)
    permit = verbs.look(row, actor=request.actor, now=epoch_ms(request.now))
    archive = store().archive()
    place = or_404(archive.place(uuid.UUID(row.capture).bytes))
    return shown.message(request, archive.capture(permit, place), archive.body(permit, place))


act_operation(router, DECIDE_CLEARANCE, CLEARANCE_ROW.schema, CLEARANCE_ROW)
