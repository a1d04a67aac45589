"""Answers of reviewers: keep, end, change, not mine, do not know (P-05; R3, R5, R6).

Each has an effect, an audit entry and a name. Ending and changing take effect at once; keeping takes effect after some minutes,
during which it can be undone. Reviewers never answer about their own access, or in the first tier about access that they alone
granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from civicmail.city.conduct.actions import enforcement
from civicmail.city.conduct.actions.review_start import object_of, only_open
from civicmail.city.conduct.models import ReviewPart, ReviewRow
from civicmail.city.conduct.queries import part_reviewers
from civicmail.city.conduct.review_item_states import step
from civicmail.city.conduct.review_plans import PLANS, UNDO_MS
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import elected

WITH = ("review", "part__department", "part__reviewer", "person", "approver", "right__mailbox", "role")
CHANGED = ["state", "answer", "reason", "by", "at", "late", "bulk", "promised", "failure", "checked"]


def keep(row: ReviewRow, *, actor: Actor, now: int, reason: str = "", bulk: bool = False) -> ReviewRow:
    """Keep the access. reason: a new justification of at least twenty characters, if the tier requires it (R5), ten if the row has
    exceptions; bulk: one of several that are answered together.
    Raises NotPermitted, Unusable, Conflict."""
    plan = PLANS[row.review.tier]
    least = 20 if plan.renews else 10 if row.exceptions else 0
    reason = checked_reason(reason, min_length=least) if least or reason.strip() else ""
    with transaction.atomic():
        mine = _mine(row, actor, now)
        waits = mine.state != "suspended" and (mine.right is None or mine.right.until > from_ms(now + DAY_MS))
        _answer(mine, "keep", reason, acting_person(actor), now, bulk=bulk)
        _entered("review.keep", [mine], actor, reason, now)
        if not waits:  # the access is shut, or would be over before that
            enforcement.carry_out(mine, now=now)
    return mine


def keep_rest(part: ReviewPart, *, actor: Actor, now: int) -> int:
    """Keep all rows without exceptions or changes together, after every other row of the part is answered, and never in the first
    tier (R3).
    Returns how many.
    Raises Conflict."""
    guard.require_could(actor, "review.decide", part_reviewers.about(part, actor.uid, now), now=now)
    plan = PLANS[part.review.tier]
    if not plan.bulk:
        raise Conflict("Roles are answered one by one.")
    with transaction.atomic():
        rows = list(ReviewRow.objects.select_for_update(of=("self",)).filter(part=part, state="open").order_by("id"))
        first = [r for r in rows if r.exceptions or r.changed]
        if first:
            raise Conflict(f"{len(first)} that are out of order or have changed wait for an answer first.")
        full = ReviewRow.objects.select_related(*WITH).filter(pk__in=[r.pk for r in rows]).order_by("id")
        uids, me = part_reviewers.uids_of(part, now), acting_person(actor)
        resources = {r: part_reviewers.about_row(r, actor.uid, now, uids) for r in full}
        facts = four_eyes.facts_of(resources.values(), actor, now)
        mine = [r for r in full if guard.may(actor, "review.decide", replace(resources[r], four_eyes=facts), now=now)]
        if not mine:
            raise Conflict("Nothing is left here that could be kept together.")
        only_open(part.review)
        for row in mine:
            _answer(row, "keep", "", me, now, bulk=True, save=False)
        ReviewRow.objects.bulk_update(mine, CHANGED)
        _entered("review.keep", mine, actor, "kept together: nothing out of order", now)
    return len(mine)


def revoke(row: ReviewRow, *, actor: Actor, reason: str, now: int, bulk: bool = False) -> ReviewRow:
    """End the authorization or role immediately; mail is preserved. bulk: as of keep. Raises NotPermitted, Unusable, Conflict."""
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        mine = _mine(row, actor, now)
        _spare_elected(mine, actor)
        _answer(mine, "revoke", reason, acting_person(actor), now, bulk=bulk)
        _entered("review.revoke", [mine], actor, reason, now)
        enforcement.carry_out(mine, now=now)
    return mine


def answer_alike(rows: Sequence[ReviewRow], answer: str, *, actor: Actor, reason: str, now: int) -> int:
    """Keep or revoke open rows of a part together, all or none, for one reason of at least twenty characters: they have the same
    exceptions, nothing of them has changed, and they are no roles (R3). Returns how many.
    Raises NotPermitted, Unusable, Conflict."""
    reason = checked_reason(reason, min_length=20)
    if len({(row.part_id, tuple(row.exceptions)) for row in rows}) != 1 or any(row.changed for row in rows):
        raise Unusable("Answer only rows together that are alike.", {"rows": "Choose rows that are alike."})
    if not PLANS[rows[0].review.tier].bulk:
        raise Conflict("Roles are answered one by one.")
    verb = keep if answer == "keep" else revoke
    with transaction.atomic():
        for row in rows:
            verb(row, actor=actor, reason=reason, now=now, bulk=True)
    return len(rows)


def change(row: ReviewRow, until: int, *, actor: Actor, reason: str, now: int) -> ReviewRow:
    """Set another end (ms), earlier or later within the table of kinds. Raises NotPermitted, Unusable, Conflict."""
    reason = checked_reason(reason, min_length=10)
    if until <= now:
        raise Unusable("Choose an end in the future. To end access now, choose End.", {"day": "A day to come."})
    with transaction.atomic():
        mine = _mine(row, actor, now)
        enforcement.require_end(mine, until, now)
        if mine.right is not None and from_ms(until) < mine.right.until:
            _spare_elected(mine, actor)
        mine.promised = from_ms(until)
        _answer(mine, "change", reason, acting_person(actor), now)
        _entered("review.change", [mine], actor, reason, now, until=until)
        enforcement.carry_out(mine, now=now)
    return mine


def undo(row: ReviewRow, *, actor: Actor, now: int, reason: str = "") -> ReviewRow:
    """Take back a "keep" that was not carried out yet. Raises Conflict when it was."""
    reason = checked_reason(reason, min_length=0)
    with transaction.atomic():
        mine = _locked(row)
        four_eyes.require(actor, "review.decide", part_reviewers.about_row(mine, actor.uid, now), now=now)
        if mine.answer != "keep" or mine.by_id != acting_person(actor).pk:
            raise Conflict("Only the reviewer who kept it can take that back.")
        if mine.late:
            raise Conflict("Not changed: the deadline has passed.")
        mine.state = step(mine.state, "undo")
        mine.answer, mine.reason, mine.by, mine.at, mine.bulk, mine.promised = "", "", None, None, False, None
        mine.save(update_fields=CHANGED)
        _entered("review.undo", [mine], actor, reason, now)
    return mine


def may_undo(row: ReviewRow, now: int) -> bool:
    """Whether a "keep" can still be undone."""
    return (
        row.state == "pending" and row.answer == "keep" and row.at is not None and from_ms(now - UNDO_MS) < row.at and not row.late
    )


def _mine(row: ReviewRow, actor: Actor, now: int) -> ReviewRow:
    """The row as it is now, locked, where this person may answer it. Raises NotPermitted, Conflict."""
    mine = _locked(row)
    four_eyes.require(actor, "review.decide", part_reviewers.about_row(mine, actor.uid, now), now=now)
    if mine.state != "suspended":  # a new round does not ask again about access suspended by non-response
        only_open(mine.review)
    if mine.part_id != row.part_id:
        raise Conflict("Not saved: this item was reassigned. Reload the page.")
    return mine


def _spare_elected(row: ReviewRow, actor: Actor) -> None:
    """Raise NotPermitted if a department's answer would end the own mailbox of an elected official."""
    if row.right is not None and row.right.role == "holder":
        elected.require_end([row.person_id], actor)


def _locked(row: ReviewRow) -> ReviewRow:
    ReviewRow.objects.select_for_update().get(pk=row.pk)
    return ReviewRow.objects.select_related(*WITH).get(pk=row.pk)


def _answer(row: ReviewRow, answer: str, reason: str, by: Person, now: int, *, bulk: bool = False, save: bool = True) -> None:
    row.state = step(row.state, "answer")
    row.answer, row.reason, row.by, row.at, row.bulk = answer, reason, by, from_ms(now), bulk
    row.late = row.review.deadline is not None and from_ms(now) >= row.review.deadline
    row.failure, row.checked = "", None
    if save:
        row.save(update_fields=CHANGED)


def _entered(act: str, rows: Sequence[ReviewRow], actor: Actor, reason: str, now: int, **more: int) -> None:
    """Write one entry with its rows, so that each answer of the evidence is in an entry (R14)."""
    review = rows[0].review
    facts = {"rows": [r.pk for r in rows], "people": [r.asked["uid"] for r in rows], "part": rows[0].part_id, **more}
    behalf = rows[0].part.reviewer.uid if rows[0].part.reviewer is not None else ""
    entries.enter(
        act, actor=actor, reason=reason, now=now, object=object_of(review), facts=facts,
        behalf="" if behalf == actor.uid else behalf,
    )  # fmt: skip
