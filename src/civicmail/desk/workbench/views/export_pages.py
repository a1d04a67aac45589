"""Exports of an examination: order, watch, stop, resume, download (P-21). The worker makes them, so that no page waits."""

from __future__ import annotations

import base64
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages import act_pages, progress
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Page
from civicmail.city.pages.progress import Progress
from civicmail.core.ledger import keys
from civicmail.core.query.errors import QueryError
from civicmail.desk.viewer.queries import installation
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench import export_run, states
from civicmail.desk.workbench.actions import exports as verbs
from civicmail.desk.workbench.acts.exports import ORDER_EXPORT
from civicmail.desk.workbench.models import Export
from civicmail.desk.workbench.tasks import folder
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.filters import query_words
from civicmail.desk.workbench.views.search_page import count_hits
from civicmail.mail.search.errors import DamagedIndex, NotFinished


@acting("content.export")
def exports(request: CityRequest, number: str) -> HttpResponse:
    """List exports, with the form to order one of this query."""
    row, mandate = examination.looking(request, number)
    now = epoch_ms(request.now)
    form, query = examination.query_form(request, ORDER_EXPORT, row)
    fits, mistake, uncounted = None, "", False
    try:
        if request.method == "POST" and form.is_valid():
            made = run_verb(form, lambda: act_pages.carry_out(ORDER_EXPORT, row, form, request.actor, now))
            if made is not None:
                return redirect("mandate-export", number=number, pk=made.pk)
        fits = count_hits(request, mandate, query)
    except QueryError as error:
        mistake = str(error)
    except (NotIndexed, DamagedIndex):
        mistake = "The index is not there at this moment."
    except NotFinished:
        uncounted = True
    listed = [(e, query_words(e.query), *states.WORDS[e.state]) for e in row.exports.all()[:50]]
    shown = {"row": row, "form": form, "query": query, "fits": fits, "mistake": mistake, "exports": listed, "uncounted": uncounted}
    page = examination.page(row, "Exports")
    return render(request, "workbench/exports.html", {**shown, "page": page}, status=422 if mistake else status_of(form))


@acting("content.export")
def export(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """Show the progress of an export."""
    row, _ = examination.looking(request, number)
    export_row = get_object_or_404(Export, pk=pk, mandate=row)
    key = base64.b64encode(keys.public(installation() / "keys")).decode() if export_row.state == "ready" else ""
    shown = {"row": row, "e": export_row, "key": key}
    return progress.response(request, "workbench/progress.html", _page(request, export_row), _progress(request, export_row), shown)


def _page(request: CityRequest, export_row: Export) -> Page:
    row = export_row.mandate
    here = [("Exports", reverse("mandate-exports", args=[row.number]))]
    page = examination.page(row, f"Export {export_row.pk}", here=here)
    facts: list[tuple[str, Any]] = [("Asked", export_row.asked.date()), ("Query", query_words(export_row.query))]
    return Page(page.h1, page.section, page.crumbs, states.WORDS[export_row.state], facts)


def _progress(request: CityRequest, export_row: Export) -> Progress:
    seen = export_row.done + export_row.failed
    seconds = (request.now - export_row.since).total_seconds()
    left = round(seconds * (export_row.found - seen) / seen) if export_row.state == "reading" and seen and seconds > 2 else None
    at = [export_row.mandate.number, export_row.pk]
    stop = reverse("mandate-export-stop", args=at)
    under_way = export_row.state in states.UNDER_WAY
    return Progress(reverse("mandate-export", args=at), seen, export_row.found, under_way, stop, left)


@acting("content.export")
@require_POST
def fetch(request: CityRequest, number: str, pk: int) -> HttpResponseBase:
    """The file itself; the entry is made before its first byte leaves."""
    row, mandate = examination.looking(request, number)
    export_row = get_object_or_404(Export, pk=pk, mandate=row)
    path = folder(installation(), export_row) / export_run.FILE
    if export_row.state == "ready" and not path.exists():
        raise Conflict("The file of this export was removed. Export again.")
    verbs.fetch(export_row, mandate, actor=request.actor, now=epoch_ms(request.now))
    name = f"mandate-{number}-export-{pk}.zip"
    content = path.open("rb")  # the response closes it
    response = FileResponse(content, as_attachment=True, filename=name)
    response["Content-Type"] = "application/zip"
    return response
