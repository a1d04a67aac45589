"""What another law pack would change for open requests, each of which keeps the pack with which it began (P-21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from civicmail.city.law.pack import LawPack
from civicmail.city.law.pack_diff import Change, RequestFacts, diff, touched
from civicmail.desk.records.models import Decision, Redaction, Request
from civicmail.desk.records.queries.clock import pauses_of
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.states import OPEN


def touched_requests(new: LawPack) -> Iterator[tuple[Request, Sequence[Change]]]:
    """Open requests that would feel the change, oldest first, with what they would feel. One without a usable pack is left out."""
    for row in Request.objects.filter(state__in=OPEN).order_by("pk"):
        old = pack_or_none(row)
        if old is not None and (changes := touched(diff(old, new), facts_of(row))):
            yield row, changes


def facts_of(row: Request) -> RequestFacts:
    """What a request uses of its pack."""
    decided = Decision.objects.filter(request=row, replaced__isnull=True).exclude(code="").values_list("code", flat=True)
    redacted = Redaction.objects.filter(request=row, removed__isnull=True).exclude(code="").values_list("code", flat=True)
    uses = {("code", code) for code in {*decided, *redacted}}
    uses |= {("notice_class", notice) for notice in row.notices.values_list("notice", flat=True)}
    uses |= {("fee_task", task) for task in row.fees.values_list("task", flat=True)}
    return RequestFacts(uses, {row.clock: local_day(row.received)}, pauses_of(row))
