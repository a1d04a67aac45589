"""The deadline of a review and the effect of non-response: access is suspended only where something is out of order.

Access is suspended at the deadline and ends fourteen days later (R10, R11), within the limit of the circuit breaker.
An officer applies in batches what the breaker stopped, or leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from civicmail.city.conduct import circuit_breaker, review_states
from civicmail.city.conduct.actions import enforcement, review_notices
from civicmail.city.conduct.actions.review_start import object_of
from civicmail.city.conduct.circuit_breaker import Suspension
from civicmail.city.conduct.models import Review, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import review_scope
from civicmail.city.conduct.review_item_states import step
from civicmail.city.conduct.review_plans import GRACE_DAYS, suspends
from civicmail.city.directory.models import Department
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.person_kinds import NEVER_SILENCED

TICK = machine("tick")
CHANGED = ["state", "answer", "failure"]
NOBODY = "nobody could be asked"
"""Failure of a row without a reviewer, which is not a non-response (R8)."""
ELECTED = "who was elected is never silenced"
"""Failure of the own mailbox of an elected official (P-30, decision 0039)."""
BATCH_SIZE = 100


def end_due(now: int) -> int:
    """End reviews whose deadline has passed; how many rows had no response."""
    count = 0
    for review in Review.objects.filter(state="running", deadline__lte=from_ms(now)).order_by("deadline", "id"):
        with transaction.atomic():
            count += _end(Review.objects.select_for_update().get(pk=review.pk), now)
    return count


def _end(review: Review, now: int) -> int:
    save_values(review, state=review_states.step(review.state, "end"))
    rows = list(ReviewRow.objects.select_for_update(of=("self",)).filter(review=review, state="open").order_by("id"))
    reviewers = dict(ReviewRow.objects.filter(review=review, state="open").values_list("pk", "part__reviewer"))
    codes = dict(Department.objects.values_list("pk", "code"))
    elected = set(
        ReviewRow.objects.filter(review=review, right__role="holder", right__episode__kind__in=NEVER_SILENCED).values_list(
            "pk", flat=True
        )
    )
    shut = [r for r in rows if reviewers[r.pk] is not None and suspends(r.exceptions) and r.pk not in elected]
    tripped = circuit_breaker.tripped_departments(
        [*(Suspension(r.pk, r.person_id, codes[r.department_id], r.essential) for r in shut), *_lately(codes, now)],
        review_scope.with_access(now),
    )
    for row in rows:
        if reviewers[row.pk] is None:
            row.state, row.failure = step(row.state, "silence"), NOBODY
        elif not suspends(row.exceptions):
            row.state = step(row.state, "silence")
        elif row.pk in elected:
            row.state, row.failure = step(row.state, "silence"), ELECTED
        elif codes[row.department_id] in tripped:
            row.state = step(row.state, "stop")
        else:
            row.state, row.answer = step(row.state, "suspend"), "suspend"
    ReviewRow.objects.bulk_update(rows, CHANGED, batch_size=500)
    mine = {
        code: why for code, why in tripped.items() if any(r.state == "stopped" and codes[r.department_id] == code for r in rows)
    }
    _record_deadline(review, rows, mine, now)
    return len(rows)


def _lately(codes: dict[int, str], now: int) -> list[Suspension]:
    """People already suspended by non-response, here or in another review: many small reviews do not evade the breaker."""
    rows = ReviewRow.objects.filter(state__in=["suspending", "suspended"]).values_list("pk", "person", "department")
    return [Suspension(pk, person, codes[department]) for pk, person, department in rows]


def _record_deadline(review: Review, rows: Sequence[ReviewRow], tripped: dict[str, str], now: int) -> None:
    counts = {state: sum(r.state == state for r in rows) for state in ("silent", "suspending", "stopped")}
    facts = {"key": review.key, **counts, "tripped": tripped, "rows": [r.pk for r in rows if r.state != "silent"]}
    entries.enter("review.deadline", actor=TICK, reason="", now=now, object=object_of(review), facts=facts)
    at = from_ms(now)
    steps = [ReviewStep(review=review, at=at, step="tripped", by="tick", to=to, words=why) for to, why in sorted(tripped.items())]
    ReviewStep.objects.bulk_create(steps)
    if tripped:
        lines = "\n\n".join(f"{code}: {why}." for code, why in sorted(tripped.items()))
        text = (
            f"In the review “{review_notices.name_of(review)}” nobody answered, and suspending access by that was stopped in these "
            f"departments:\n\n{lines}\n\nOn the page of the review you apply it in batches, or leave it."
        )
        review_notices.notify_officers(f"review:{review.pk}:tripped", "Access review: suspensions were stopped", text, now=now)


def apply_batch(review: Review, department: Department, *, actor: Actor, reason: str, now: int, essential: bool = False) -> int:
    """Suspend at most a tenth of a department's people of those the breaker stopped; essential: include those behind an essential
    mailbox.
    Returns how many rows.
    Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        rows = _stopped(review, department)
        max_rows = max(1, int(circuit_breaker.MAX_SHARE * review_scope.with_access(now).get(department.code, 0)))
        batch = [r for r in rows if essential or not r.essential][:max_rows]
        if not batch:
            raise Conflict("Only users of essential mailboxes are left. Include them explicitly, or leave them.")
        for row in batch:
            row.state, row.answer = step(row.state, "apply"), "suspend"
        ReviewRow.objects.bulk_update(batch, CHANGED)
        _by_hand("applied", review, department, batch, actor, reason, now)
    return len(batch)


def leave(review: Review, department: Department, *, actor: Actor, reason: str, now: int) -> int:
    """Leave the access in force that the circuit breaker stopped in a department; a new round asks again. Raises NotPermitted,
    Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        rows = _stopped(review, department)
        for row in rows:
            row.state = step(row.state, "leave")
        ReviewRow.objects.bulk_update(rows, CHANGED)
        _by_hand("left", review, department, rows, actor, reason, now)
    return len(rows)


def _stopped(review: Review, department: Department) -> list[ReviewRow]:
    rows = ReviewRow.objects.select_for_update(of=("self",)).filter(review=review, department=department, state="stopped")
    stopped = list(rows.order_by("essential", "id"))
    if not stopped:
        raise Conflict("No suspensions are pending here any more.")
    return stopped


def _by_hand(
    what: str, review: Review, department: Department, rows: Sequence[ReviewRow], actor: Actor, reason: str, now: int
) -> None:
    ReviewStep.objects.create(
        review=review, at=from_ms(now), step=what, by=actor.uid, to=department.code, words=f"{len(rows)}: {reason}"[:400]
    )
    facts = {"department": department.code, "rows": [r.pk for r in rows]}
    entries.enter(f"review.{what}", actor=actor, reason=reason, now=now, object=object_of(review), facts=facts)


def expire_due(now: int) -> int:
    """End access that non-response suspended fourteen days ago and that still has no answer; how many."""
    rows = ReviewRow.objects.filter(state="suspended", carried__lte=from_ms(now) - timedelta(days=GRACE_DAYS)).order_by("id")
    keys = list(rows.values_list("pk", flat=True)[:BATCH_SIZE])
    for pk in keys:
        with transaction.atomic():
            row = enforcement.locked(pk)
            if row.state != "suspended":
                continue
            save_values(row, state=step(row.state, "lapse"), answer="lapse", checked=None)
            facts = {"rows": [row.pk], "people": [row.asked["uid"]]}
            entries.enter("review.lapse", actor=TICK, reason="", now=now, object=object_of(row.review), facts=facts)
            enforcement.carry_out(row, now=now)
    return len(keys)
