"""Notices to reviewers and the access office: one per person, not one per row, and only to people with open rows (R9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from civicmail.city.conduct.models import Review, ReviewPart, ReviewRow
from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import format_day, from_ms
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.actions import notify, notify_many
from civicmail.city.pages import days


def addresses(people: Collection[int]) -> dict[int, str]:
    """Person (id of the row) -> address of their own mailbox; people without one see only the Home page."""
    rows = Mailbox.objects.filter(holder__in=people, closed__isnull=True).order_by("-made", "-id").values_list("holder", "address")
    return {holder: address for holder, address in rows if holder is not None}


def name_of(review: Review) -> str:
    """The name of a review on pages and in notices."""
    name = PLANS[review.tier].name if review.tier in PLANS else review.tier
    return f"{name}, round {review.round}" if review.round > 1 else name


def last_day(review: Review) -> date:
    """The last day for answers. The review has begun."""
    assert review.deadline is not None
    return days.last_day(review.deadline)


def day_of(review: Review) -> str:
    return format_day(last_day(review)) if review.deadline is not None else ""


def notify_reviewers(review: Review, parts: Sequence[ReviewPart], *, now: int) -> None:
    """Notify each reviewer of a new review how many questions they have."""
    counts: dict[int, int] = {}
    rows = ReviewRow.objects.filter(review=review).values_list("part__reviewer", flat=True)
    for reviewer in rows:
        if reviewer is not None:
            counts[reviewer] = counts.get(reviewer, 0) + 1
    to, notices = addresses(counts), []
    for person, count in sorted(counts.items()):
        if person in to:
            text = (
                f"You are asked about the mail access of {_people(count)}: does each still need it? The page Home leads there."
                f"\n\nPlease answer by {day_of(review)}. That day does not move. Without an answer access that is "
                "unused, or out of order otherwise, is suspended."
            )
            notices.append((f"review:{review.pk}:asked:{person}", to[person], f"Access review: {name_of(review)}", text))
    notify_many(notices, now=from_ms(now))
    if nobody := sum(p.reviewer_id is None for p in parts):
        text = f"In the review “{name_of(review)}” nobody can be asked in {nobody} places: name a head."
        notify_officers(f"review:{review.pk}:nobody", "Access review: nobody can be asked", text, now=now)


def notify_officers(key: str, subject: str, text: str, *, now: int) -> None:
    """Notify everybody who is access officer now."""
    at = from_ms(now)
    grants = RoleAssignment.objects.in_force(at).filter(role="access-officer")
    people = set(grants.values_list("person", flat=True))
    for person, address in sorted(addresses(people).items()):
        notify(f"{key}:{person}", address, subject, text, now=at)


def _people(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"
