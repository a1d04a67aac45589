"""Take over decisions of earlier requests on the same content (P-21).

Only decisions about the content itself are taken over; whether something is responsive, or a duplicate, depends on the request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions.decisions import Ruling, checked, code_of
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.models import Decision, Item, Redaction, Request
from civicmail.desk.records.queries.law import pack_of

OF_CONTENT = ("release", "redact", "withhold", "not-a-record", "personal")
"""Verdicts that are about the content, whoever asks for it."""


def inheritable(request: Request) -> list[Decision]:
    """The latest decision of another request on each open content, where all other requests agree. Which ones disagree, the
    contradictions say (queries/contradictions.py)."""
    decided = Decision.objects.filter(request=request, replaced__isnull=True).values("content")
    contents = Item.objects.filter(request=request).exclude(content__in=decided).values("content")
    earlier = Decision.objects.filter(content__in=contents, replaced__isnull=True, verdict__in=OF_CONTENT)
    by_content: dict[str, list[Decision]] = defaultdict(list)
    for decision in earlier.exclude(request=request).select_related("request", "by").order_by("-at", "-pk"):
        by_content[decision.content].append(decision)
    return [found[0] for found in by_content.values() if len({(d.verdict, d.code) for d in found}) == 1]


def take_over(request: Request, *, actor: Actor, now: int) -> list[Decision]:
    """Take over what can be inherited, with its redactions under new numbers; a code that is no longer in force leaves the item
    open. A second person agrees again where one was needed. Raises NotPermitted, Conflict."""
    with reviewing(request, actor, now) as (row, me):
        pack, at = pack_of(row), from_ms(now)
        made, copied = [], []
        last = Redaction.objects.filter(request=row).order_by("-number").values_list("number", flat=True).first() or 0
        for earlier in inheritable(row):
            redactions = list(
                Redaction.objects.filter(request=earlier.request, content=earlier.content, removed__isnull=True).exclude(code="")
            )
            needs_second = _still_stands(pack, earlier, redactions, now)
            if needs_second is None:
                continue
            made.append(
                Decision(
                    request=row, content=earlier.content, verdict=earlier.verdict, code=earlier.code, reason=earlier.reason,
                    facts=earlier.facts, by=me, at=at, inherited=earlier, second_asked=needs_second,
                )
            )  # fmt: skip
            for redaction in redactions if earlier.verdict == "redact" else ():
                last += 1
                redaction.pk, redaction.request, redaction.number, redaction.by, redaction.at = None, row, last, me, at
                copied.append(redaction)
        done = Decision.objects.bulk_create(made)
        Redaction.objects.bulk_create(copied)
        enter("records.inherited", row, actor=actor, now=now, decisions=[d.pk for d in done], redactions=len(copied))
    return done


def _still_stands(pack: LawPack, earlier: Decision, redactions: Iterable[Redaction], now: int) -> bool | None:
    """Whether a second person must agree; None if its code, or one of its redactions, cannot be used now."""
    try:
        ruling = Ruling(earlier.verdict, earlier.code, earlier.reason, earlier.facts)
        _, needs_second = checked(pack, ruling, from_ms(now))
        codes = [code_of(pack, redaction.code, redaction.facts, from_ms(now))[0] for redaction in redactions]
    except Unusable:
        return None
    return needs_second or (earlier.verdict == "redact" and any(code.approval for code in codes))
