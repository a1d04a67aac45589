"""The audit log (P-16, A1)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.queries import entries
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import require
from civicmail.desk.oversight.acts.evidence_packs import MAKE_EVIDENCE_PACK
from civicmail.desk.oversight.views.evidence_pack_page import download
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema

router = Router(tags=["Audit log"])


class EntryLine(RowSchema):
    """person: number of who did it, or the part of the machine; behalf: for whom; object: to what."""

    id: int
    uuid: uuid.UUID
    at: datetime
    act: str
    person: str
    duty: str
    behalf: str
    object: str
    reason: str
    client: str


class OneEntry(EntryLine):
    """facts: with before and after of what changed; ledger: where its journal has it ("journal:number"), empty until then; head:
    the canonical bytes that the ledger proves, as text."""

    facts: dict[str, Any]
    ledger: str
    head: str


@operation(router, "GET", "/entries", act="entries.see", scope="read:entries", page="entries", response=list[EntryLine])
def list_entries(request: Call, response: HttpResponse, q: str = "", act: str = "") -> list[EntryLine]:
    """List audit entries, newest first. q: a person or an object; act: only those."""
    require(request, "entries.see")
    rows = entries.visible_to(request.actor).defer("head", "facts")
    rows = rows.filter(act=act) if act else rows
    rows = entries.filter_about(rows, q[:200]) if q else rows
    return pagination.rows(request, response, rows, EntryLine.from_row, by="-pk")


class EvidenceSubject(Schema):
    """kind: person, examination or month; key: a personnel number, the number of an examination, or a month like 2026-12."""

    kind: str
    key: str
    reason: str


@operation(router, "POST", "/evidence", act="entries.see", scope="write:entries", page="evidence-pack")
def make_evidence_pack(request: Call, body: EvidenceSubject) -> HttpResponse:
    """Make an evidence pack (application/zip): what the audit log has about it, with proofs for outsiders."""
    require(request, "entries.see")
    form = act_pages.form_of(MAKE_EVIDENCE_PACK, None, request.actor, body.dict())
    request_bodies.checked(form)
    return download(act_pages.carry_out(MAKE_EVIDENCE_PACK, None, form, request.actor, epoch_ms(request.now)))


@operation(router, "GET", "/entries/{int:id}", act="entries.see", scope="read:entries", page="entry", response=OneEntry)
def read_entry(request: Call, id: int) -> OneEntry:
    """Read an audit entry with all its facts and its place in the ledger."""
    require(request, "entries.see")
    e = get_object_or_404(entries.visible_to(request.actor).select_related("carried"), pk=id)
    carried = getattr(e, "carried", None)
    place = f"{carried.journal}:{carried.number}" if carried else ""
    return OneEntry.from_row(e, ledger=place, head=bytes(e.head).decode())
