"""Purely personal mail of a request: what its people flagged, and the report of what was excluded, without a word of it (Attorney
General of Wisconsin, memorandum of 28 July 2010: counts, dates and times may be requested)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from civicmail.city.conduct.evidence_file import table
from civicmail.city.guard.epoch import from_ms
from civicmail.desk.records.models import Decision, Item, PersonalFlag, Request


def flags(captures: Collection[str]) -> dict[str, list[PersonalFlag]]:
    """Flags of these messages, by message."""
    found: dict[str, list[PersonalFlag]] = defaultdict(list)
    for row in PersonalFlag.objects.filter(capture__in=captures).select_related("by"):
        found[row.capture].append(row)
    return found


def excluded(request: Request) -> list[tuple[int, datetime]]:
    """Number and time of each message that two people found to be purely personal, in the order of the numbers."""
    agreed = Decision.objects.filter(request=request, verdict="personal", replaced__isnull=True, confirmed__isnull=False)
    items = Item.objects.filter(request=request, part="", content__in=agreed.values("content")).order_by("number")
    return [(number, timezone.localtime(from_ms(received))) for number, received in items.values_list("number", "received")]


def report(request: Request) -> bytes:
    """The report as CSV: the same bytes as long as no decision changes."""
    rows = excluded(request)
    lines = [(f"{number:06}", at.date().isoformat(), at.time().isoformat("minutes")) for number, at in rows]
    return table(("Item", "Date", "Time"), [*lines, ("Purely personal", str(len(rows)), "")])
