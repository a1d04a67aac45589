"""Exports of an examination: order, follow, stop, resume, fetch (P-21). The worker makes them; each view is an audit entry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404

from civicmail.desk.workbench.acts.exports import ORDER_EXPORT, RESUME_EXPORT, STOP_EXPORT
from civicmail.desk.workbench.models import Export as Row
from civicmail.desk.workbench.states import WORDS
from civicmail.desk.workbench.views import examination, export_pages
from civicmail.front.web.api import pagination
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations.mandates import ONE as MANDATE
from civicmail.front.web.api.operations.mandates import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as

ALL = f"{MANDATE}/exports"
ONE = f"{ALL}/{{int:id}}"


class Export(RowSchema):
    """state: waiting, reading, proving, ready, stopped, failed or gone; manifest: its SHA-256; until: the file is removed then."""

    id: int
    query: str
    asked: datetime
    state: Annotated[str, shown_as(WORDS)]
    found: int
    done: int
    failed: int
    size: int
    manifest: str
    until: datetime | None
    why: str


@operation(router, "GET", ALL, act="content.export", scope="read:content", page="mandate-exports", response=list[Export])
def list_exports(request: Call, response: HttpResponse, number: str) -> list[Export]:
    """List exports of an examination of mine, newest first."""
    row, _ = examination.looking(request, number)
    return pagination.rows(request, response, row.exports.all(), Export.from_row, by="-pk")


@operation(router, "GET", ONE, act="content.export", scope="read:content", page="mandate-export", response=Export)
def read_export(request: Call, number: str, id: int) -> Export:
    """Read the progress of an export."""
    row, _ = examination.looking(request, number)
    return Export.from_row(get_object_or_404(Row, pk=id, mandate=row))


@operation(router, "GET", f"{ONE}/file", act="content.export", scope="read:content", page="mandate-export-file")
def read_export_file(request: Call, number: str, id: int) -> HttpResponseBase:
    """Download the file (application/zip), while it exists; the audit entry is written before the first byte."""
    request.method = "POST"  # the page takes no GET, so that no link makes an entry; a token is no link
    return export_pages.fetch(request, number, id)


for act in (ORDER_EXPORT, STOP_EXPORT, RESUME_EXPORT):
    act_operation(router, act, Export, Export.from_row)
