"""Start reviews: by date, by an access officer, after a change, and again for what was left open (R1, R10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from civicmail.city.conduct import review_states
from civicmail.city.conduct.actions.review_start import begin, object_of
from civicmail.city.conduct.models import Review, ReviewRow
from civicmail.city.conduct.queries import violations
from civicmail.city.conduct.review_item_states import UNANSWERED
from civicmail.city.conduct.review_plans import LONG_LEAVE, PLANS, due
from civicmail.city.directory.models import Department, Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.models import Authorization, RoleAssignment

TICK = machine("tick")
LOOK_BACK = timedelta(days=30)
"""For so long after a decision about a violation its micro-review is made up for."""
BATCH_SIZE = 50


def plan_due(now: int) -> int:
    """Plan the reviews of the coming weeks; how many are new."""
    if not Mailbox.objects.exists():
        return 0
    by_key = {f"{tier}:{day}": (tier, day) for tier, day in due(timezone.localdate(from_ms(now)))}
    existing = set(Review.objects.filter(key__in=by_key).values_list("key", flat=True))
    new = 0
    for key, (tier, day) in by_key.items():
        if key not in existing:
            with transaction.atomic():
                review = Review.objects.create(key=key, tier=tier, planned=day, by="tick")
                facts = {"key": key, "tier": tier, "day": day.isoformat()}
                entries.enter("review.plan", actor=TICK, reason="", now=now, object=object_of(review), facts=facts)
            new += 1
    return new


def start_due(now: int) -> int:
    """Reviews whose day has come; how many."""
    today = timezone.localdate(from_ms(now))
    rows = list(Review.objects.filter(state="planned", planned__lte=today).order_by("planned", "id"))
    for review in rows:
        begin(review, actor=TICK, now=now)
    return len(rows)


def start_now(tier: str, *, actor: Actor, reason: str, now: int, departments: Sequence[Department] = ()) -> Review:
    """A review of a tier begins at once, of all departments or of these. Raises NotPermitted, Unusable."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=10)
    if tier not in PLANS or tier == "micro":
        raise Unusable("There is no such review.", {"tier": "Choose one of the list."})
    with transaction.atomic():
        review = Review.objects.create(
            key=f"{tier}:{now}:{actor.uid}"[:120],
            tier=tier,
            planned=timezone.localdate(from_ms(now)),
            by=actor.uid,
            reason=reason,
            definition={"departments": sorted(d.pk for d in departments), "codes": sorted(d.code for d in departments)},
        )
        return begin(review, actor=actor, now=now)


def start_early(review: Review, *, actor: Actor, reason: str, now: int) -> Review:
    """Start a planned review today. Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        row = Review.objects.select_for_update().get(pk=review.pk)
        save_values(row, by=actor.uid, reason=reason)
        return begin(row, actor=actor, now=now)


def call_off(review: Review, *, actor: Actor, reason: str, now: int) -> Review:
    """Cancel a planned review; the next of its kind takes place. Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        row = Review.objects.select_for_update().get(pk=review.pk)
        row.state = review_states.step(row.state, "call-off")
        row.by, row.reason = actor.uid, reason
        row.save(update_fields=["state", "by", "reason"])
        entries.enter("review.call-off", actor=actor, reason=reason, now=now, object=object_of(row), facts={"key": row.key})
    return row


def next_round(review: Review, *, actor: Actor, reason: str, now: int) -> Review:
    """Ask again only about unanswered rows; the old deadline stays as it was (R10). Raises NotPermitted, Conflict."""
    guard.require(actor, "review.run", now=now)
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        row = Review.objects.select_for_update().get(pk=review.pk)
        if row.state not in ("over", "closed"):
            raise Conflict("A new round comes after the deadline: until then this one is open.")
        if Review.objects.filter(former=row).exists():
            raise Conflict("There is a new round of this review already.")
        if not ReviewRow.objects.filter(review=row, state__in=UNANSWERED).exists():
            raise Conflict("No rows are open in this review.")
        made = Review.objects.create(
            key=f"{row.key[:100]}:round-{row.round + 1}",
            tier=row.tier,
            cause=row.cause,
            person=row.person,
            round=row.round + 1,
            former=row,
            planned=timezone.localdate(from_ms(now)),
            by=actor.uid,
            reason=reason,
        )
        return begin(made, actor=actor, now=now)


# -- micro-reviews: of one person, because something has changed


def micro_due(now: int) -> int:
    """Reviews of people who moved, are on a long leave, or about whom a violation was decided: each change once (R1)."""
    by_key = {**_moved(now), **_on_leave(now), **_decided(now)}
    existing = set(Review.objects.filter(key__in=by_key).values_list("key", flat=True))
    people = {person for key, (_, person) in by_key.items() if key not in existing}
    have = _with_something(people, now)
    new = [(key, *what) for key, what in sorted(by_key.items()) if key not in existing and what[1] in have][:BATCH_SIZE]
    for key, cause, person in new:
        with transaction.atomic():
            review = Review.objects.create(
                key=key, tier="micro", cause=cause, person_id=person, planned=timezone.localdate(from_ms(now)), by="tick"
            )
        begin(review, actor=TICK, now=now)  # after a crash before this it is one whose day has come
    return len(new)


def _with_something(people: set[int], now: int) -> set[int]:
    """The people with an authorization or a role to review."""
    if not people:
        return set()
    at = from_ms(now)
    rights = Authorization.objects.filter(person__in=people, state__in=["active", "suspended"], until__gt=at)
    grants = RoleAssignment.objects.in_force(at).filter(person__in=people)
    return {*rights.values_list("person", flat=True), *grants.values_list("person", flat=True)}


Causes = dict[str, tuple[str, int]]
"""Key of the review -> cause, person (id of the row)."""


def _moved(now: int) -> Causes:
    """Access in force that another department authorized than the one where the person works (M6)."""
    rows = Authorization.objects.filter(
        state__in=["active", "suspended"], until__gt=from_ms(now), role="holder", episode__ended__isnull=True
    )
    rows = rows.exclude(episode__department=F("department"))
    moves = rows.values_list("pk", "person", "episode__department")
    return {f"moved:{pk}:{department}": ("moved", person) for pk, person, department in moves}


def _on_leave(now: int) -> Causes:
    """People suspended for longer than LONG_LEAVE, except by non-response or a decision, which have their own days."""
    rows = Authorization.objects.filter(
        state="suspended", role="holder", until__gt=from_ms(now), since__lte=from_ms(now) - LONG_LEAVE
    )
    rows = rows.exclude(review_rows__state__in=["suspending", "suspended"])
    return {f"leave:{pk}:{since:%Y-%m-%d}": ("leave", person) for pk, person, since in rows.values_list("pk", "person", "since")}


def _decided(now: int) -> Causes:
    rows = violations.decided_since(from_ms(now) - LOOK_BACK)
    return {f"violation:{row.pk}": ("violation", row.person_id) for row in rows if row.person_id is not None}
