"""Exports of an examination: order, follow, stop, resume, fetch (P-21). The worker makes them; each view is an audit entry."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.desk.workbench.actions import exports as verbs
from civicmail.desk.workbench.forms import ExportForm
from civicmail.desk.workbench.models import Export as Row
from civicmail.desk.workbench.views import examination, export_pages
from civicmail.front.web.api import pagination, request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.mandates import ONE as MANDATE
from civicmail.front.web.api.operations.mandates import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood

ALL = f"{MANDATE}/exports"
ONE = f"{ALL}/{{int:id}}"


class Export(Schema):
    """state: waiting, reading, proving, ready, stopped, failed or gone; manifest: its SHA-256; until: the file is removed then."""

    id: int
    query: str
    asked: datetime
    state: str
    found: int
    done: int
    failed: int
    size: int
    manifest: str
    until: datetime | None
    why: str


class Ordered(Schema):
    """q: what of the mandate's scope, left out for all of it."""

    q: str = ""


class ExportSeen(Schema):
    """state: as it was read."""

    state: str


@operation(router, "GET", ALL, act="content.export", scope="read:content", page="mandate-exports", response=list[Export])
def list_exports(request: Call, response: HttpResponse, number: str) -> list[Export]:
    """List exports of an examination of mine, newest first."""
    row, _ = examination.looking(request, number)
    return pagination.rows(request, response, row.exports.all(), _export, by="-pk")


@operation(router, "POST", ALL, act="content.export", scope="write:exports", page="mandate-exports", response=Export, status=201)
def order_export(request: Call, number: str, body: Ordered) -> Export:
    """Order an export of search results within an examination; its audit entry is written first."""
    _, mandate = examination.looking(request, number)
    query = request_bodies.checked(ExportForm({"query": body.q.replace("\0", " ").strip()}))["query"]
    with understood():
        return once(request, lambda: _export(verbs.order_export(mandate, query, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "GET", ONE, act="content.export", scope="read:content", page="mandate-export", response=Export)
def read_export(request: Call, number: str, id: int) -> Export:
    """Read the progress of an export."""
    return _export(_mine(request, number, id))


@operation(router, "GET", f"{ONE}/file", act="content.export", scope="read:content", page="mandate-export-file")
def read_export_file(request: Call, number: str, id: int) -> HttpResponseBase:
    """Download the file (application/zip), while it exists; the audit entry is written before the first byte."""
    request.method = "POST"  # the page takes no GET, so that no link makes an entry; a token is no link
    return export_pages.fetch(request, number, id)


@operation(router, "POST", f"{ONE}/stop", act="content.export", scope="write:exports", page="mandate-export-stop", response=Export)
def stop_export(request: Call, number: str, id: int, body: ExportSeen) -> Export:
    """Stop an export; what was read stays until it is resumed."""
    row = _as_seen(request, number, id, body)

    def do() -> Export:
        verbs.stop(row, actor=request.actor, reason="stopped by who asked for it", now=epoch_ms(request.now))
        return _export(Row.objects.get(pk=id))

    return once(request, do)


@operation(
    router, "POST", f"{ONE}/go-on", act="content.export", scope="write:exports", page="mandate-export-go-on", response=Export
)
def go_on_export(request: Call, number: str, id: int, body: ExportSeen) -> Export:
    """Resume a stopped export."""
    row = _as_seen(request, number, id, body)
    _, mandate = examination.looking(request, number)

    def do() -> Export:
        verbs.resume(row, mandate, actor=request.actor, now=epoch_ms(request.now))
        return _export(Row.objects.get(pk=id))

    return once(request, do)


def _mine(request: Call, number: str, id_: int) -> Row:
    row, _ = examination.looking(request, number)
    return get_object_or_404(Row, pk=id_, mandate=row)


def _as_seen(request: Call, number: str, id_: int, body: ExportSeen) -> Row:
    row = _mine(request, number, id_)
    as_seen(request, row.state, body.state, "This export has gone on meanwhile; read it again.")
    return row


def _export(e: Row) -> Export:
    return Export(
        id=e.pk, query=e.query, asked=e.asked, state=e.state, found=e.found, done=e.done, failed=e.failed, size=e.size,
        manifest=e.manifest, until=e.until, why=e.why,
    )  # fmt: skip
