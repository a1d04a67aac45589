"""The audit log (P-16, A1)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.guard.queries import entries
from civicmail.city.pages.city_request import require
from civicmail.front.web.api import pagination
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


@operation(router, "GET", "/entries/{int:id}", act="entries.see", scope="read:entries", page="entry", response=OneEntry)
def read_entry(request: Call, id: int) -> OneEntry:
    """Read an audit entry with all its facts and its place in the ledger."""
    require(request, "entries.see")
    e = get_object_or_404(entries.visible_to(request.actor).select_related("carried"), pk=id)
    carried = getattr(e, "carried", None)
    place = f"{carried.journal}:{carried.number}" if carried else ""
    return OneEntry.from_row(e, ledger=place, head=bytes(e.head).decode())
