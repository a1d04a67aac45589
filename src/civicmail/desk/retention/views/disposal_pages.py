"""The page of one disposal: what its list has, who decided, what became of it; the list as a file, and its certificates (P-23)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import orjson
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.queries import four_eyes
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.retention.actions import disposals
from civicmail.desk.retention.acts.disposals import SECTION
from civicmail.desk.retention.disposal_states import DISPOSALS, WORDS
from civicmail.desk.retention.models import Disposal
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import inventory, manifests
from civicmail.mail.archive.manifests import Line, Manifest

PER_PAGE = 50
BUTTONS = {
    "approve": ("Approve", "retention-disposal-approve"),
    "refuse": ("Refuse", "retention-disposal-refuse"),
    "withdraw": ("Withdraw", "retention-disposal-withdraw"),
}
"""Action of the table -> words and name of its page."""
REASONS = {
    "held": "on hold", "not yet": "not due yet", "expired": "under a schedule that has expired",
    "no schedule": "without a schedule", "permanent": "kept for ever", "notice": "waiting for the notice to the historical society",
    "not sealed": "not sealed yet", "outstanding": "not delivered yet", "damaged": "damaged",
    "changed": "with another class, date or schedule than on the list", "gone": "disposed of before",
    "missing": "missing", "proposed": "on the list of another disposal",
}  # fmt: skip
"""Reason of the archive -> words behind a number."""
HEADERS = ("id", "class", "decided by class", "schedule", "received", "due", "size", "hash")


@acting("retention.see")
def disposal(request: CityRequest, pk: int) -> HttpResponse:
    """Show a disposal with a page of its list."""
    row = _row(request, pk)
    manifest, damage = _manifest(row)
    text = request.GET.get("page", "1")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1
    last = max(1, -(-row.captures // PER_PAGE))
    number = min(max(number, 1), last)
    lines = _lines(manifest, (number - 1) * PER_PAGE, PER_PAGE) if manifest else []
    shown = {
        "page": _head(request, row),
        "row": row,
        "damage": damage,
        "lines": [(line, from_ms(line.received), from_ms(line.due)) for line in lines],
        "series": [manifest.series[name] for name in sorted(manifest.series)] if manifest else [],
        "number": number,
        "last": last,
        "before": number - 1 if number > 1 else 0,
        "after": number + 1 if number < last else 0,
        "figures": _figures(row),
        "kept": _counts(row.kept),
        "stayed": _counts(row.stayed),
        "events": _history(row),
    }
    return render(request, "retention/disposal.html", shown)


@acting("retention.see")
def lines_file(request: CityRequest, pk: int) -> HttpResponseBase:
    """Send the whole list of a disposal as CSV."""
    row = _row(request, pk)
    manifest, damage = _manifest(row)
    if manifest is None:
        raise Http404(damage)
    response = StreamingHttpResponse(_csv(_lines(manifest, 0, None)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="disposal-{row.pk}.csv"'
    return response


@acting("retention.see")
def certificate(request: CityRequest, pk: int, name: str) -> HttpResponse:
    """Send a certificate as JSON."""
    row = _row(request, pk)
    for facts in inventory.certified(installation(), row.manifest) if name in row.certificates else []:
        if facts["certificate"] == name:
            content = orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
            response = HttpResponse(content, content_type="application/json")
            response["Content-Disposition"] = f'attachment; filename="certificate-{name}.json"'
            return response
    raise Http404


def _row(request: CityRequest, pk: int) -> Disposal:
    require(request, "retention.see")
    return get_object_or_404(Disposal.objects.select_related("by", "decided_by"), pk=pk)


def _manifest(row: Disposal) -> tuple[Manifest | None, str]:
    """The manifest, or why it cannot be shown."""
    if not row.manifest:
        return None, ""
    try:
        return manifests.read(installation(), row.manifest), ""
    except DamagedFile as error:
        return None, str(error)


def _lines(manifest: Manifest, start: int, count: int | None) -> Iterator[Line]:
    return manifests.lines(installation(), manifest, start=start, count=count)


def _csv(lines: Iterator[Line]) -> Iterator[str]:
    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo())
    yield writer.writerow(HEADERS)
    for line in lines:
        times = (from_ms(line.received).isoformat(), from_ms(line.due).isoformat())
        yield writer.writerow((line.id, line.class_, line.kept, line.series, *times, line.size, line.hash))


def _head(request: CityRequest, row: Disposal) -> Page:
    facts: list[tuple[str, Any]] = [("Captures", f"{row.captures:,} of {row.total:,}"), ("Proposed by", row.by.display)]
    if row.decided_by is not None:
        facts.append(("Decided by", row.decided_by.display))
    if row.ready is not None and row.state == "approved":
        facts.append(("Begins not before", row.ready))
    if row.state == "disposed":
        facts.append(("Disposed of", f"{row.gone:,}"))
    names = [name for name in DISPOSALS.actions(row.state) if name in BUTTONS and _may(request, row, name)]
    actions = [Action(BUTTONS[name][0], reverse(BUTTONS[name][1], args=[row.pk]), primary=name == "approve") for name in names]
    return Page(str(row), SECTION, [("Disposals", reverse("retention-disposals"))], WORDS[row.state], facts, actions)


def _may(request: CityRequest, row: Disposal, name: str) -> bool:
    if name == "withdraw":
        return bool(may(request, "retention.dispose"))
    return bool(four_eyes.may(request.actor, "retention.approve", disposals.about(row), now=epoch_ms(request.now)))


def _figures(row: Disposal) -> list[tuple[str, str, int]]:
    """(class, year, captures) of the list."""
    return [(class_, year, count) for class_, years in sorted(row.figures.items()) for year, count in sorted(years.items())]


def _counts(by_reason: dict[str, int]) -> list[tuple[str, int]]:
    return [(REASONS.get(why, why), count) for why, count in sorted(by_reason.items())]


def _history(row: Disposal) -> list[dict[str, Any]]:
    """Newest first."""
    events = [{"at": row.at, "words": "Proposed", "by": row.by.display, "reason": row.reason}]
    if row.decided is not None and row.decided_by is not None:
        words = "Refused" if row.state == "refused" else "Approved"
        events.append({"at": row.decided, "words": words, "by": row.decided_by.display, "reason": row.answer})
    if row.state in ("disposed", "stopped", "withdrawn"):
        events.append({"at": row.since, "words": WORDS[row.state][1], "by": "", "reason": row.why})
    return events[::-1]
