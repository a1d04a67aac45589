"""Answer suggestions of the detectors: use one, which marks a redaction, or dismiss it. None is ever used by itself.

Answers count how often each detector is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.desk.records.actions import redactions
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.detectors import DETECTORS, Detection
from civicmail.desk.records.models import Item, Redaction, Request, Suggestion


@dataclass(frozen=True, slots=True)
class Precision:
    """How often suggestions of a detector were right: used of answered."""

    used: int
    answered: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.used / self.answered) if self.answered else None


def precision() -> Mapping[str, Precision]:
    """Of each detector, in all requests."""
    answered = Suggestion.objects.exclude(answer="open").values("detector")
    counted = answered.annotate(all=Count("pk"), used=Count("pk", filter=Q(answer="used")))
    by_detector = {row["detector"]: Precision(row["used"], row["all"]) for row in counted}
    return {name: by_detector.get(name, Precision(0, 0)) for name in DETECTORS}


def answered(request: Request, content: str) -> set[Detection]:
    """What somebody has used or dismissed in a content."""
    rows = Suggestion.objects.filter(request=request, content=content).exclude(answer="open")
    return {Detection(*row) for row in rows.values_list("detector", "first", "last")}


def use(request: Request, item: Item, detection: Detection, *, actor: Actor, now: int) -> list[Redaction]:
    """Mark what was suggested as a redaction that has no code yet. Raises NotPermitted, Conflict."""
    place = redactions.Place(item.content, detection.first, detection.last)
    made = redactions.mark(request, [place], actor=actor, now=now)
    _answer(request, item, detection, "used", actor, now)
    return made


def dismiss(request: Request, item: Item, detection: Detection, *, actor: Actor, now: int) -> None:
    """Dismiss it for this content. Raises NotPermitted, Conflict."""
    _answer(request, item, detection, "dismissed", actor, now)


def _answer(request: Request, item: Item, detection: Detection, answer: str, actor: Actor, now: int) -> None:
    with reviewing(request, actor, now) as (row, me):
        Suggestion.objects.update_or_create(
            request=row, content=item.content, detector=detection.detector, first=detection.first, last=detection.last,
            defaults={"answer": answer, "by": me, "at": from_ms(now)},
        )  # fmt: skip
        enter("records.suggestion", row, actor=actor, now=now, item=item.number, detector=detection.detector, answer=answer)
