"""Exports of a mandate: ordered, watched, stopped, gone on with, fetched (P-21). The worker makes them; nobody has to wait."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.views.city_request import CityRequest, acting
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.core.ledger import keys
from civicmail.core.query.errors import QueryError
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.core.query.parse import parse
from civicmail.desk.viewer.queries import installation
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench import running, states
from civicmail.desk.workbench.actions import exports as verbs
from civicmail.desk.workbench.forms import Exporting
from civicmail.desk.workbench.models import Export
from civicmail.desk.workbench.tasks import folder
from civicmail.desk.workbench.views import one
from civicmail.desk.workbench.views.searching import counted
from civicmail.mail.search.errors import DamagedIndex, NotFinished


@acting("content.export")
def exports(request: CityRequest, number: str) -> HttpResponse:
    """What was exported; and what this query would give, to be ordered."""
    row, mandate = one.looking(request, number)
    now = epoch_ms(request.now)
    query = str(request.POST.get("query", request.GET.get("q", ""))).replace("\0", " ").strip()[: LONGEST_QUERY + 1]
    form = Exporting(request.POST or None, initial={"query": query})
    fits, mistake, uncounted = None, "", False
    try:
        if request.method == "POST" and form.is_valid():
            parse(query, now=request.now)
            made = run_verb(form, lambda: verbs.order(mandate, query, actor=request.actor, now=now))
            if made is not None:
                return redirect("mandate-export", number=number, pk=made.pk)
        fits = counted(request, mandate, query)
    except QueryError as error:
        mistake = str(error)
    except (NotIndexed, DamagedIndex):
        mistake = "The index is not there at this moment."
    except NotFinished:
        uncounted = True
    listed = [(e, *states.WORDS[e.state]) for e in row.exports.all()[:50]]
    shown = {"row": row, "form": form, "query": query, "fits": fits, "mistake": mistake, "exports": listed, "uncounted": uncounted}
    page = one.page(request, row, "What leaves as files?")
    return render(request, "workbench/exports.html", {**shown, "page": page}, status=422 if mistake else status_of(form))


@acting("content.export")
def export(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """How far is it?"""
    row, _ = one.looking(request, number)
    found = get_object_or_404(Export, pk=pk, mandate=row)
    part = request.headers.get("HX-Request-Type") == "partial"
    name = "workbench/progress.html" if part else "workbench/export.html"
    response = render(request, name, {"page": _page(request, found), "row": row, "part": part, **_shown(request, found)})
    response["Vary"] = "HX-Request-Type"
    return response


def _page(request: CityRequest, found: Export) -> Page:
    row = found.mandate
    here = [("Exports", reverse("mandate-exports", args=[row.number]))]
    page = one.page(request, row, f"Export {found.pk}", here=here)
    facts: list[tuple[str, Any]] = [("Asked", found.asked.date()), ("Query", found.query or "everything")]
    return Page(page.h1, page.section, page.crumbs, states.WORDS[found.state], facts)


def _shown(request: CityRequest, found: Export) -> dict[str, Any]:
    seen = found.done + found.failed
    seconds = (request.now - found.since).total_seconds()
    left = round(seconds * (found.found - seen) / seen) if found.state == "reading" and seen and seconds > 2 else None
    under_way = found.state in states.UNDER_WAY
    quarter = 4 * seen // found.found if found.found else 0
    key = base64.b64encode(keys.public(installation() / "keys")).decode() if found.state == "ready" else ""
    return {"e": found, "seen": seen, "left": left, "under_way": under_way, "quarter": quarter, "key": key}


@acting("content.export")
@require_POST
def stop(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """Cancel: what was read so far stays until it is gone on with."""
    row, _ = one.looking(request, number)
    found = get_object_or_404(Export, pk=pk, mandate=row)
    verbs.stop(found, actor=request.actor, reason="stopped by who asked for it", now=epoch_ms(request.now))
    messages.success(request, "The export was stopped.")
    return redirect("mandate-export", number=number, pk=pk)


@acting("content.export")
@require_POST
def go_on(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """Go on where it was stopped."""
    row, mandate = one.looking(request, number)
    found = get_object_or_404(Export, pk=pk, mandate=row)
    verbs.go_on(found, mandate, actor=request.actor, now=epoch_ms(request.now))
    messages.success(request, "The export goes on.")
    return redirect("mandate-export", number=number, pk=pk)


@acting("content.export")
@require_POST
def fetch(request: CityRequest, number: str, pk: int) -> HttpResponseBase:
    """The file itself; the entry is made before its first byte leaves."""
    row, mandate = one.looking(request, number)
    found = get_object_or_404(Export, pk=pk, mandate=row)
    path = folder(installation(), found) / running.FILE
    if found.state == "ready" and not path.exists():
        raise Conflict("The file is not here any more. Export it again.")
    verbs.fetch(found, mandate, actor=request.actor, now=epoch_ms(request.now))
    name = f"mandate-{number}-export-{pk}.zip"
    content = path.open("rb")  # the response closes it
    response = FileResponse(content, as_attachment=True, filename=name)
    response["Content-Type"] = "application/zip"
    return response
