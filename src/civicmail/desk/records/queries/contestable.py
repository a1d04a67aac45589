"""What a requester may contest: each redaction and each withheld document of a released production, by its number."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from civicmail.desk.records.models import Contest, Decision, Item, Production, Redaction, Request


@dataclass(frozen=True, slots=True)
class Contestable:
    """redactions: their numbers; items: numbers of withheld documents."""

    redactions: frozenset[int]
    items: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.redactions or self.items)


def contestable(request: Request) -> Contestable:
    """What the released productions of a request redacted or withheld."""
    redactions: set[int] = set()
    items: set[int] = set()
    for production in request.productions.filter(state="released", released__isnull=False):
        decided = decided_in(production)
        redacted = decided.filter(verdict="redact").values("content")
        marks = Redaction.objects.filter(request=request, content__in=redacted, at__lte=production.released)
        counted = marks.filter(Q(removed__isnull=True) | Q(removed__gt=production.released))
        redactions |= set(counted.values_list("number", flat=True))
        withheld = decided.filter(verdict="withhold").values("content")
        items |= set(Item.objects.filter(request=request, content__in=withheld).values_list("number", flat=True))
    return Contestable(frozenset(redactions), frozenset(items))


def decided_in(production: Production) -> QuerySet[Decision]:
    """The decisions by which a released production was made."""
    known = Decision.objects.filter(request=production.request_id, at__lte=production.at).values("content")
    rows = Decision.objects.filter(request=production.request_id, content__in=known, at__lte=production.released)
    return rows.filter(Q(replaced__isnull=True) | Q(replaced__gt=production.released))


def content_of(contest: Contest) -> str:
    """The content that a contest is about; "" if it is not there any more."""
    if contest.redaction:
        marks = Redaction.objects.filter(request=contest.request_id, number=contest.redaction)
        return marks.values_list("content", flat=True).first() or ""
    items = Item.objects.filter(request=contest.request_id, number=contest.item)
    return items.values_list("content", flat=True).first() or ""
