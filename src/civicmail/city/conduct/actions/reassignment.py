"""Give a review item to someone else: not mine, I do not know, or a deputy answers for some days (R5, R7).

The first reviewer stays in the evidence.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from civicmail.city.conduct.actions.review_answers import WITH
from civicmail.city.conduct.actions.review_start import object_of, only_open
from civicmail.city.conduct.models import ReviewPart, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import part_reviewers, reviewers
from civicmail.city.conduct.review_item_states import step
from civicmail.city.conduct.review_plans import MAX_ROWS
from civicmail.city.conduct.reviewer_assignment import Candidate
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason

MAX_HOPS = 2
"""Times that a row is handed on between departments; then it is the access office's."""


def not_mine(row: ReviewRow, department: Department, *, actor: Actor, reason: str, now: int) -> ReviewRow:
    """Reassign the row to the department responsible for this person; after two such hops it goes to the access office.

    Raises NotPermitted, Unusable, Conflict.
    """
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        mine = _mine(row, actor, now)
        eligible = reviewers.reviewers(now)
        chain = eligible.chain(department.pk)
        if mine.hops >= MAX_HOPS or department.pk == mine.part.department_id:
            chain = [c for c in chain if c.why == reviewers.OFFICER]
        _hand_on(mine, department, chain, "not-mine", actor, reason, now)
    return mine


def dont_know(row: ReviewRow, *, actor: Actor, reason: str, now: int) -> ReviewRow:
    """Reassign the row to the next head, or to the access office if that is this person's own part.
    Raises NotPermitted, Unusable, Conflict."""
    reason = checked_reason(reason, min_length=3)
    with transaction.atomic():
        mine = _mine(row, actor, now)
        eligible = reviewers.reviewers(now)
        above = eligible.after(
            mine.part.department_id, acting_person(actor).pk, {p for p in (mine.person_id, mine.approver_id) if p}
        )
        chain = [above] if above is not None and mine.hops < MAX_HOPS else []
        head = [c for c in eligible.chain(mine.part.department_id) if c.why == "head"] if mine.part.role == "supervisor" else []
        officers = [Candidate(p, reviewers.OFFICER) for p in eligible.officers if p in eligible.present]
        _hand_on(mine, mine.part.department, [*head, *chain, *officers], "unsure", actor, reason, now)
    return mine


def delegate(part: ReviewPart, to: Person, until: int, *, actor: Actor, reason: str, now: int) -> ReviewPart:
    """Let a delegate answer until a time (ms) before the deadline, for a reason.
    The reviewer stays accountable, and the delegate cannot delegate further (R7).
    Raises NotPermitted, Unusable, Conflict."""
    reason = checked_reason(reason, min_length=10)
    with transaction.atomic():
        mine = ReviewPart.objects.select_for_update(of=("self",)).select_related("review", "department").get(pk=part.pk)
        guard.require(actor, "review.delegate", part_reviewers.about(mine, actor.uid, now), now=now)
        only_open(mine.review)
        me = acting_person(actor)
        if mine.reviewer_id != me.pk or mine.replaced is not None:
            raise Conflict("Only the original reviewer can reassign this item, and only once.")
        if to.pk == me.pk or to.pk not in reviewers.present([to.pk], [], now):
            raise field_error("to", "Choose somebody else who works here and can sign in.")
        if mine.review.deadline is None or not from_ms(now) < from_ms(until) <= mine.review.deadline:
            raise field_error("day", "Standing in ends with the deadline of the review at the latest.")
        save_values(mine, delegate=to, delegate_until=from_ms(until), delegate_why=reason)
        note(mine, "delegated", actor, now, to=to.display, words=reason)
        facts = {"part": mine.pk, "to": to.uid, "until": until}
        entries.enter("review.delegate", actor=actor, reason=reason, now=now, object=object_of(mine.review), facts=facts)
    return mine


def note(
    part: ReviewPart, what: str, actor: Actor, now: int, *, to: str = "", words: str = "", row: ReviewRow | None = None
) -> None:
    """Something that happened, for the evidence."""
    ReviewStep.objects.create(
        review_id=part.review_id, part=part, row=row, at=from_ms(now), step=what, by=actor.uid, to=to[:120], words=words[:400]
    )


def _mine(row: ReviewRow, actor: Actor, now: int) -> ReviewRow:
    ReviewRow.objects.select_for_update().get(pk=row.pk)
    mine = ReviewRow.objects.select_related(*WITH).get(pk=row.pk)
    guard.require(actor, "review.decide", replace(part_reviewers.about_row(mine, actor.uid, now), first_actors=()), now=now)
    only_open(mine.review)
    step(mine.state, "hand-on")
    if mine.part_id != row.part_id:
        raise Conflict("Not saved: this item was reassigned. Reload the page.")
    return mine


def _hand_on(
    row: ReviewRow, department: Department, chain: list[Candidate], what: str, actor: Actor, reason: str, now: int
) -> None:
    """Reassign to the first candidate who may answer, never back to the reviewer."""
    me = acting_person(actor).pk
    barred = {me, row.person_id, row.approver_id, row.part.reviewer_id}
    candidate = next((c for c in chain if c.person not in barred), None)
    if candidate is None:
        raise Conflict("Nobody else can answer this. Ask the access office to name a head.")
    before = row.part
    row.part = part_for(row, department, candidate)
    row.hops += 1
    row.save(update_fields=["part", "hops"])
    note(before, what, actor, now, to=row.part.named, words=reason, row=row)
    facts = {"rows": [row.pk], "from": before.pk, "to": row.part.pk, "how": what}
    entries.enter("review.hand-on", actor=actor, reason=reason, now=now, object=object_of(row.review), facts=facts)


def part_for(row: ReviewRow, department: Department, who: Candidate) -> ReviewPart:
    """A part of this reviewer with room for one more row, or a new one whose turn comes after those that there are."""
    theirs = list(
        ReviewPart.objects.filter(review=row.review_id, reviewer=who.person, replaced__isnull=True).order_by("turn", "id")
    )
    load: dict[int, int] = {}
    rows = ReviewRow.objects.filter(part__in=theirs).values_list("part__turn", flat=True)
    for turn in rows:
        load[turn] = load.get(turn, 0) + 1
    turn = next((p.turn for p in theirs if load.get(p.turn, 0) < MAX_ROWS), max((p.turn for p in theirs), default=-1) + 1)
    same = next((p for p in theirs if p.turn == turn and p.department_id == department.pk and p.role == who.why), None)
    if same is not None:
        return same
    name = Person.objects.values_list("display", flat=True).get(pk=who.person)
    return ReviewPart.objects.create(
        review_id=row.review_id, department=department, reviewer_id=who.person, named=name, role=who.why, turn=turn
    )
