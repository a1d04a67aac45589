"""Remind reviewers, and replace those who do not answer (R8, R9, R10).

Only people with open rows are reminded, once a day.
On day 7 the next head joins; on day 10 that head replaces a reviewer who has not answered; a reviewer who left is replaced at
once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from civicmail.city.conduct.actions.reassignment import note
from civicmail.city.conduct.actions.review_notices import addresses, day_of, last_day, name_of
from civicmail.city.conduct.actions.review_start import object_of
from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import part_reviewers, reviewers
from civicmail.city.conduct.queries.deciders import absent
from civicmail.city.conduct.review_plans import NEXT_HEAD_JOINS_DAY, NEXT_HEAD_REPLACES_DAY, REMINDER_DAYS
from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify

TICK = machine("tick")
FIRST_HOUR = 7
"""The hour, in the city's time, from which on people are reminded."""

WAITING_STATES = ("open", "suspended")
"""Row states that need a reviewer."""

Work = dict[int, dict[int, int]]
"""Person (id of the row) -> review (id) -> how many rows wait for that person."""


def remind(now: int) -> int:
    """Seven, three and one day before the deadline, and on the last day; how many people were written to."""
    at = timezone.localtime(from_ms(now))
    if at.hour < FIRST_HOUR:
        return 0
    due = [r for r in Review.objects.filter(state="running").order_by("id") if (last_day(r) - at.date()).days in REMINDER_DAYS]
    had = set(_reminders(at.date()).filter(review__in=due, part__isnull=True).values_list("review", flat=True))
    due = [r for r in due if r.pk not in had]
    return _write(due, waiting(due, now), now) if due else 0  # read before the transaction


def remind_now(review: Review, *, now: int) -> int:
    """Remind on request of an officer, once a day. For verbs that have passed the guard, inside their transaction."""
    return _write([review], waiting([review], now), now)


def remind_reviewers(part: ReviewPart, *, now: int) -> int:
    """Remind who answers a part and has open rows, each once a day; how many. For verbs that have passed the guard, inside their
    transaction."""
    work = waiting([part.review], now)
    theirs = {who: work[who] for who in part_reviewers.of_part(part, now) if who in work}
    names = dict(Person.objects.filter(pk__in=theirs).values_list("pk", "display"))
    today = timezone.localdate(from_ms(now))
    had = set(_reminders(today).filter(review=part.review, to__in=names.values()).values_list("to", flat=True))
    return _write([part.review], {who: work[who] for who in theirs if names[who] not in had}, now, part)


def _reminders(day: date) -> QuerySet[ReviewStep]:
    """Reminders of that day: of one part, or, without a part, of everybody."""
    return ReviewStep.objects.filter(step="reminded", words=str(day))


def waiting(reviews: Collection[Review], now: int) -> Work:
    """Open rows by person and review, without parts whose turn has not come and without one's own rows."""
    work: Work = {}
    rows: dict[int, list[tuple[int, int | None]]] = {}
    open_ = ReviewRow.objects.filter(review__in=reviews, state="open").values_list("part", "person", "approver")
    for of, person, approver in open_:
        rows.setdefault(of, []).append((person, approver))
    theirs = ReviewPart.objects.filter(pk__in=rows).select_related("review", "department")
    parts = list(theirs.prefetch_related("department__deputies"))
    ahead = part_reviewers.is_ahead(parts)
    away = absent({p.reviewer_id for p in parts if p.reviewer_id is not None}, now)
    for part in parts:
        reviewers_of = (
            part_reviewers.of_part if part.reviewer_id in away else part_reviewers.reminded_of
        )  # deputies answer while a head is away
        for who in reviewers_of(part, now) - away if part.pk not in ahead else ():
            count = sum(who not in pair for pair in rows[part.pk])
            if count:
                mine = work.setdefault(who, {})
                mine[part.review_id] = mine.get(part.review_id, 0) + count
    return work


def _write(due: list[Review], work: Work, now: int, part: ReviewPart | None = None) -> int:
    """Write one notice per person, whatever the number of reviews. part: whose reviewers alone are reminded, if so."""
    by_pk = {r.pk: r for r in due}
    day = str(timezone.localdate(from_ms(now)))
    to, steps = addresses(work), []
    names = dict(Person.objects.filter(pk__in=work).values_list("pk", "display"))
    with transaction.atomic():
        for person, counts in sorted(work.items()):
            lines = [f"{name_of(by_pk[pk])}: {count} open, by {day_of(by_pk[pk])}." for pk, count in sorted(counts.items())]
            if person in to:
                text = "Does each still need mail access? The page Home leads there.\n\n" + "\n\n".join(lines)
                total = sum(counts.values())
                key = f"review-reminder:{person}:{day}" if part is None else f"review-reminder:{person}:{day}:{part.pk}"
                notify(key, to[person], f"Access review: {total} open", text, now=from_ms(now))
            steps += [_reminded(pk, now, names[person], part) for pk in counts]
        reminded = {s.review_id for s in steps}
        steps += [_reminded(r.pk, now) for r in due if part is None and r.pk not in reminded]
        ReviewStep.objects.bulk_create(steps)
    return len(work)


def _reminded(review: int, now: int, name: str = "", part: ReviewPart | None = None) -> ReviewStep:
    """Record a reminder. name: empty if no reviewer had to be reminded on that day."""
    day = str(timezone.localdate(from_ms(now)))
    return ReviewStep(review_id=review, part=part, at=from_ms(now), step="reminded", by="tick", to=name, words=day)


def step_in(now: int) -> int:
    """Let next heads join, replace, or take over from reviewers who cannot answer, also for suspended rows; how many parts."""
    parts = list(
        ReviewPart.objects.filter(review__state__in=["running", "over"], rows__state__in=WAITING_STATES)
        .select_related("review", "department", "reviewer", "joined")
        .order_by("id")
        .distinct()
    )
    if not parts:
        return 0
    named = {pk for p in parts for pk in (p.reviewer_id, p.joined_id) if pk is not None}
    eligible = reviewers.reviewers(now, named, away=False)
    return sum(_step_in(part, eligible, now) for part in parts)


def _step_in(part: ReviewPart, eligible: reviewers.Reviewers, now: int) -> int:
    assert part.review.started is not None
    since = from_ms(now) - part.review.started
    alone = part.reviewer_id if part.replaced is None else part.joined_id
    if alone is None or alone not in eligible.present:
        return _take_over(part, eligible, now)
    if part.replaced is not None or part.review.state != "running":
        return 0
    if part.joined_id is not None and part.joined_id not in eligible.present:
        part.joined_at = None  # the head who had joined has left: the next one joins
    if part.joined_at is None and since >= timedelta(days=NEXT_HEAD_JOINS_DAY):
        return _join(part, eligible, now)
    return _replace(part, now) if part.joined_id is not None and since >= timedelta(days=NEXT_HEAD_REPLACES_DAY) else 0


def _take_over(part: ReviewPart, eligible: reviewers.Reviewers, now: int) -> int:
    """Assign the part of an absent reviewer to someone present, if there is anyone.
    A reviewer who was replaced for non-response does not return by this."""
    rows = list(ReviewRow.objects.filter(part=part, state__in=WAITING_STATES).values_list("person", "approver"))
    barred = {p for pair in rows for p in pair if p is not None}
    candidate = next((c for c in eligible.chain(part.department_id) if c.person not in barred | {part.reviewer_id}), None)
    if candidate is None:
        return 0
    name = Person.objects.values_list("display", flat=True).get(pk=candidate.person)
    if part.replaced is not None:
        before, part.joined_id = str(part.joined), candidate.person
    else:
        before, part.reviewer_id, part.role, part.named = part.named, candidate.person, candidate.why, name
    with transaction.atomic():
        part.save(update_fields=["reviewer", "role", "named", "joined"])
        words = f"in place of {before}" if before else "nobody could be asked before"
        _stepped(part, "taken-over", now, to=name, words=words)
        _tell(part, candidate.person, "You answer in place of somebody who is not there.", now)
    return 1


def _join(part: ReviewPart, eligible: reviewers.Reviewers, now: int) -> int:
    assert part.reviewer_id is not None
    candidate = eligible.after(part.department_id, part.reviewer_id)
    part.joined_id, part.joined_at = (candidate.person if candidate else None), from_ms(now)
    name = Person.objects.values_list("display", flat=True).get(pk=candidate.person) if candidate else ""
    with transaction.atomic():
        part.save(update_fields=["joined", "joined_at"])
        _stepped(part, "joined", now, to=name, words="" if candidate else "nobody is above")
        if candidate is not None:
            _tell(part, candidate.person, f"{part.named} has not answered in a week, so you are asked as well.", now)
    return 1


def _replace(part: ReviewPart, now: int) -> int:
    assert part.joined is not None
    part.replaced = from_ms(now)
    with transaction.atomic():
        part.save(update_fields=["replaced"])
        _stepped(part, "replaced", now, to=part.joined.display, words=f"in place of {part.named}")
        _tell(part, part.joined.pk, f"{part.named} has not answered in ten days: you answer alone from now on.", now)
    return 1


def _stepped(part: ReviewPart, what: str, now: int, *, to: str, words: str) -> None:
    note(part, what, TICK, now, to=to, words=words)
    facts = {"part": part.pk, "to": to}
    entries.enter(f"review.{what}", actor=TICK, reason=words, now=now, object=object_of(part.review), facts=facts)


def _tell(part: ReviewPart, person: int, words: str, now: int) -> None:
    """Notify of a change of a part, once for each."""
    address = addresses([person]).get(person)
    if address:
        count = ReviewRow.objects.filter(part=part, state__in=WAITING_STATES).count()
        text = f"{words}\n\n{name_of(part.review)}, {part.department}: {count} open, by {day_of(part.review)}."
        key = f"review-part:{part.pk}:{person}:{timezone.localdate(from_ms(now))}"
        notify(key, address, f"Access review: {count} open", text, now=from_ms(now))
