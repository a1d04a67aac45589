"""Acts of officers during a review: send reminders, and retry failed rows (R9, R12)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from civicmail.city.conduct.actions import enforcement, reminders
from civicmail.city.conduct.actions.review_start import object_of
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow, ReviewStep
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason


def remind(review: Review, *, actor: Actor, reason: str, now: int) -> int:
    """Write to everybody with open rows, once a day; how many. Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        row = Review.objects.select_for_update().get(pk=review.pk)
        if row.state != "running":
            raise Conflict("Reminders are for a review that runs.")
        day = str(timezone.localdate(from_ms(now)))
        if ReviewStep.objects.filter(review=row, part__isnull=True, step="reminded", words=day).exists():
            raise Conflict("They were reminded today already.")
        count = reminders.remind_now(row, now=now)
        entries.enter("review.remind", actor=actor, reason=reason, now=now, object=object_of(row), facts={"people": count})
    return count


def remind_reviewer(part: ReviewPart, *, actor: Actor, reason: str = "", now: int) -> int:
    """Write to who answers a part and has open rows, each once a day; how many. Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    with transaction.atomic():
        row = Review.objects.select_for_update().get(pk=part.review_id)
        if row.state != "running":
            raise Conflict("Reminders are for a review that runs.")
        count = reminders.remind_reviewers(part, now=now)
        if not count:
            raise Conflict("Nobody was reminded: they were today already, or nothing waits for them.")
        facts = {"people": count, "part": part.pk}
        entries.enter("review.remind", actor=actor, reason=reason, now=now, object=object_of(row), facts=facts)
    return count


def retry(row: ReviewRow, *, actor: Actor, now: int) -> ReviewRow:
    """Try again what could not be carried out; the row after that. Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    with transaction.atomic():
        mine = enforcement.locked(row.pk)
        enforcement.retry(mine, actor=actor, now=now)
    return mine
