"""Close a review: settle rows that concern nothing any more, and put the checksum of the evidence into the ledger (R13, R14)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from civicmail.city.conduct import evidence_file, review_states
from civicmail.city.conduct.actions.review_start import object_of
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.conduct.queries import review_evidence
from civicmail.city.conduct.review_item_states import step
from civicmail.city.conduct.review_plans import GRACE_DAYS
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.authorization_states import WORDS

TICK = machine("tick")
BATCH_SIZE = 500
MOVING = ("open", "pending", "done", "stopped", "suspending", "suspended")
"""States of rows for which a review stays open."""
NOTHING_MADE = ("open", "pending", "silent", "stopped", "suspending", "suspended")
"""States of rows of which nothing was carried out that could be verified."""


def moot_due(now: int) -> int:
    """Mark rows whose access ended otherwise as moot, so that they are not asked about (R13)."""
    rows = list(_over(now).select_related("right", "role").order_by("id")[:BATCH_SIZE])
    if not rows:
        return 0
    with transaction.atomic():
        by_review: dict[int, list[ReviewRow]] = {}
        for row in rows:
            row.state, row.failure = step(row.state, "moot"), _why(row)[:300]
            by_review.setdefault(row.review_id, []).append(row)
        ReviewRow.objects.bulk_update(rows, ["state", "failure"])
        for review in Review.objects.filter(pk__in=by_review):
            mine = by_review[review.pk]
            facts = {"rows": [r.pk for r in mine], "why": sorted({r.failure for r in mine})}
            entries.enter("review.moot", actor=TICK, reason="", now=now, object=object_of(review), facts=facts)
    return len(rows)


def _over(now: int) -> QuerySet[ReviewRow]:
    """Rows whose authorization or role ended before the answer took effect, and suspended ones that are in force again."""
    at = from_ms(now)
    rows = ReviewRow.objects.filter(review__state__in=["running", "over"])
    gone = Q(right__isnull=False) & (~Q(right__state__in=["active", "suspended"]) | Q(right__until__lte=at))
    gone |= Q(role__isnull=False) & (Q(role__ended__isnull=False) | Q(role__until__lte=at))
    resumed = Q(state="suspended", right__state="active")
    return rows.filter((Q(state__in=NOTHING_MADE) & gone) | resumed)


def _why(row: ReviewRow) -> str:
    if row.right is not None:
        if row.right.state == "active":
            return "the access was put in force again"
        state = WORDS[row.right.state][1].lower()
        return f"the access was {state}: {row.right.why}" if row.right.why else f"the access is {state}"
    return "the role is over"


def close_due(now: int) -> int:
    """Reviews in which nothing comes any more: after the days of grace, or as soon as everything was answered and verified."""
    moving = ReviewRow.objects.filter(review=OuterRef("pk"), state__in=MOVING)
    failed = ReviewRow.objects.filter(review=OuterRef("pk"), state__in=["failed", "silent"])
    late = Q(state="over", deadline__lte=from_ms(now) - timedelta(days=GRACE_DAYS))
    rows = Review.objects.filter(late | Q(Q(state__in=["running", "over"]) & ~Exists(failed))).filter(~Exists(moving))
    keys = list(rows.order_by("id").values_list("pk", flat=True))
    return sum(_close(pk, now) for pk in keys)


def _close(pk: int, now: int) -> int:
    """Close one review.
    Its evidence takes seconds, so it is built before the transaction; if another process changed the review meanwhile, the next
    round tries again."""
    review = Review.objects.get(pk=pk)
    before, seen = review.state, review_evidence.stamp(review)
    if review.state == "running":
        review.state = review_states.step(review.state, "end")
    review.state = review_states.step(review.state, "close")
    review.closed = from_ms(now)
    evidence = review_evidence.evidence(review)
    review.digest = evidence_file.digest(evidence.files)
    with transaction.atomic():
        locked_review = Review.objects.select_for_update().get(pk=pk)
        if locked_review.state != before or review_evidence.stamp(locked_review) != seen:
            return 0
        review.save(update_fields=["state", "closed", "digest"])
        facts = {"key": review.key, "sha256": review.digest, "snapshot": review.snapshot, "counts": evidence.counts}
        entries.enter("review.close", actor=TICK, reason="", now=now, object=object_of(review), facts=facts)
    return 1
