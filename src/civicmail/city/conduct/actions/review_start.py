"""Begin a review: assign its questions to reviewers, as of this moment (P-05; R1, R2, R8).

One transaction writes the questions, the parts, the entry with the checksum of the questions, and a notice for each reviewer. A
missing reviewer does not delay it: people who cannot answer are passed over, and a part without a reviewer is marked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from civicmail.city.conduct import circuit_breaker, review_plans, review_states, reviewer_assignment
from civicmail.city.conduct.actions import review_notices
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import item_facts, review_scope, reviewers
from civicmail.city.conduct.review_item_states import UNANSWERED
from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.conduct.reviewer_assignment import Item, Share
from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.roles import CONFLICTS
from civicmail.city.identity.models import Authorization, RoleAssignment

BATCH_SIZE = 1000


@dataclass(slots=True)
class Question:
    """A row that is not stored yet. department: id of the one that answers; approver: id, in the first tier only."""

    row: ReviewRow
    department: int
    approver: int = 0


def begin(review: Review, *, actor: Actor, now: int) -> Review:
    """Start the review. For verbs that have passed the guard, inside their transaction. The job has none: it reads the questions
    before the transaction, so that writers do not wait.

    Raises Conflict if it has begun already.
    """
    questions, known = _questions(review, now)
    shares = _shares(questions, known, now)
    with transaction.atomic():
        review = Review.objects.select_for_update().get(pk=review.pk)
        review.state = review_states.step(review.state, "start")
        review.started = from_ms(now)
        review.deadline = deadline(now)
        review.definition |= definition(review, now)
        review.snapshot = checksum([q.row for q in questions])
        review.save()
        parts = _saved(review, questions, shares, now)
        facts = {
            "key": review.key,
            "tier": review.tier,
            "round": review.round,
            "deadline": epoch_ms(review.deadline),
            "questions": len(questions),
            "reviewers": len({p.reviewer_id for p in parts if p.reviewer_id}),
            "nobody": sum(p.reviewer_id is None for p in parts),
            "snapshot": review.snapshot,
        }
        entries.enter("review.start", actor=actor, reason=review.reason, now=now, object=object_of(review), facts=facts)
        review_notices.notify_reviewers(review, parts, now=now)
    return review


def deadline(now: int) -> datetime:
    """The end of the last day, in the city's time zone."""
    day = timezone.localdate(from_ms(now)) + timedelta(days=review_plans.REVIEW_DAYS + 1)
    return timezone.make_aware(datetime.combine(day, time.min))


def object_of(review: Review) -> str:
    """The object name of all audit entries of a review."""
    return f"review:{review.pk}"


def definition(review: Review, now: int) -> dict[str, Any]:
    """The rules of the review in words and numbers, part of the evidence."""
    plan = PLANS[review.tier]
    return {
        "name": plan.name,
        "about": plan.what,
        "as_of": now,
        "days": review_plans.REVIEW_DAYS,
        "reminders_days_before": list(review_plans.REMINDER_DAYS),
        "next_head_joins_on_day": review_plans.NEXT_HEAD_JOINS_DAY,
        "next_head_replaces_on_day": review_plans.NEXT_HEAD_REPLACES_DAY,
        "rows_at_a_time": review_plans.MAX_ROWS,
        "kept_together": plan.bulk,
        "new_justification": plan.renews,
        "silence_suspends": sorted(review_plans.SUSPENDING_EXCEPTIONS),
        "ended_days_after": review_plans.GRACE_DAYS,
        "breaker_percent": round(circuit_breaker.MAX_SHARE * 100),
        "exceptions": review_plans.EXCEPTIONS,
    }


def checksum(rows: Sequence[ReviewRow]) -> str:
    """SHA-256 of the questions with their exceptions, in order."""
    digest = hashlib.sha256()
    for row in rows:
        plain = [row.right_id or 0, row.role_id or 0, row.asked, row.exceptions]
        digest.update(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()


def _questions(review: Review, now: int) -> tuple[list[Question], review_scope.Known]:
    """The rows of the tier, or what the former round left open."""
    tier, departments = review.tier, review.definition.get("departments", [])
    person = review.person_id
    rights = review_scope.rights(tier, now, person=person, departments=departments)
    grants = review_scope.roles(tier, now, person=person, departments=departments)
    if review.former is not None:
        left = ReviewRow.objects.filter(review=review.former, state__in=UNANSWERED)
        rights = Authorization.objects.filter(
            pk__in=left.values("right"), state__in=["active", "suspended"], until__gt=from_ms(now)
        )
        rights = rights.select_related("mailbox", "person", "department", "approver", "profile").order_by("id")
        grants = RoleAssignment.objects.filter(pk__in=left.values("role"), ended__isnull=True, until__gt=from_ms(now))
        grants = grants.select_related("person", "department").order_by("id")
    of_rights, of_roles = list(rights), list(grants)
    people = [a.person_id for a in of_rights] + [g.person_id for g in of_roles]
    known = review_scope.known(people, now, boxes=[a.mailbox_id for a in of_rights])
    review_scope.taken_up(known, [g.pk for g in of_roles])
    by = {g.by for g in of_roles}
    granters = dict(Person.objects.filter(uid__in=by).values_list("uid", "pk"))
    known.names = dict(Person.objects.filter(uid__in=by).values_list("uid", "display"))
    conflicts = _conflicts(of_roles)
    before = item_facts.before(review.pk, {a.pk for a in of_rights}, {g.pk for g in of_roles})
    questions = [_of_right(review, a, known, before) for a in of_rights]
    for g in of_roles:
        question = _of_role(review, g, known, before, conflicts)
        if question is not None:
            question.approver = granters.get(g.by, 0)
            question.row.approver_id = question.approver or None
            questions.append(question)
    return questions, known


def _of_right(review: Review, a: Authorization, k: review_scope.Known, before: dict[Any, Any]) -> Question:
    facts = item_facts.of_right(a, k)
    facts["changes"] = item_facts.changes(before.get(("right", a.pk)), facts)
    facts["first"] = ("right", a.pk) not in before
    row = ReviewRow(
        review=review, department_id=a.department_id, person_id=a.person_id, right_id=a.pk, asked=facts,
        exceptions=review_scope.exceptions_of(a, k), changed=bool(facts["changes"]), essential=a.mailbox_id in k.essential,
    )  # fmt: skip
    return Question(row, a.department_id)


def _of_role(
    review: Review, g: RoleAssignment, k: review_scope.Known, before: dict[Any, Any], conflicts: set[int]
) -> Question | None:
    """None for a role of the whole city whose holder never worked here: then there is no department that could answer."""
    work = k.work.get(g.person_id)
    department = g.department_id or (work.department_id if work else None)
    if department is None:
        return None
    facts = item_facts.of_role(g, k)
    facts["changes"] = item_facts.changes(before.get(("role", g.pk)), facts)
    facts["first"] = ("role", g.pk) not in before
    row = ReviewRow(
        review=review, department_id=department, person_id=g.person_id, role_id=g.pk, asked=facts,
        exceptions=review_scope.role_exceptions(g, k, conflicts, facts["privileged"]), changed=bool(facts["changes"]),
    )  # fmt: skip
    return Question(row, department)


def _conflicts(grants: Sequence[RoleAssignment]) -> set[int]:
    held: dict[int, set[str]] = {}
    for g in grants:
        held.setdefault(g.person_id, set()).add(g.role)
    return {person for person, roles in held.items() if any(pair <= roles for pair in CONFLICTS)}


def _shares(questions: list[Question], known: review_scope.Known, now: int) -> list[tuple[int, Share]]:
    """Parts, each with the department (id of the row) that it is of."""
    supervisors = {e.supervisor_id for e in known.work.values() if e.supervisor_id}
    eligible = reviewers.reviewers(now, supervisors)
    by_department: dict[int, list[int]] = {}
    for n, q in enumerate(questions):
        by_department.setdefault(q.department, []).append(n)
    shares: list[tuple[int, Share]] = []
    for department in sorted(by_department):
        head = eligible.heads.get(department, 0)
        asking = [_asking(n, questions[n], known, head) for n in by_department[department]]
        split = reviewer_assignment.assign(asking, eligible.chain(department), eligible.present)
        shares += [(department, share) for share in split]
    reviewer_assignment.number_parts([share for _, share in shares])
    return shares


def _asking(n: int, q: Question, known: review_scope.Known, head: int) -> Item:
    work = known.work.get(q.row.person_id)
    supervisor = work.supervisor_id if work is not None else None
    return Item(n, q.row.person_id, q.approver, supervisor or 0, heads=q.row.person_id == head)


def _saved(review: Review, questions: list[Question], shares: list[tuple[int, Share]], now: int) -> list[ReviewPart]:
    whose = {share.reviewer.person for _, share in shares if share.reviewer is not None}
    names = dict(Person.objects.filter(pk__in=whose).values_list("pk", "display"))
    parts = ReviewPart.objects.bulk_create(
        [
            ReviewPart(
                review=review,
                department_id=department,
                reviewer_id=share.reviewer.person if share.reviewer else None,
                named=names.get(share.reviewer.person, "") if share.reviewer else "",
                role=share.reviewer.why if share.reviewer else "",
                turn=share.turn,
            )
            for department, share in shares
        ],
        batch_size=BATCH_SIZE,
    )
    for part, (_, share) in zip(parts, shares, strict=True):
        for n in share.rows:
            questions[n].row.part = part
    ReviewRow.objects.bulk_create([q.row for q in questions], batch_size=BATCH_SIZE)
    at = from_ms(now)
    steps = [
        ReviewStep(review=review, part=p, at=at, step="asked" if p.reviewer_id else "nobody", by="tick", to=p.named) for p in parts
    ]
    ReviewStep.objects.bulk_create(steps, batch_size=BATCH_SIZE)
    return list(parts)


def only_open(review: Review) -> None:
    """Raise Conflict unless questions of this review can be answered still: until it is closed, or there is a new round of it."""
    if review.state not in ("running", "over"):
        raise Conflict("Not changed: this review is closed.")
    if Review.objects.filter(former=review).exists():
        raise Conflict("This review has a new round. Answer there.")
