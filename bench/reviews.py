"""Access reviews with 6,200 people and three years of history: start of a review, and a reviewer's screen (issue 7, "Speed").

The city is that of the part people, on the same databases. Earlier reviews are rows of closed reviews, as three years leave them.
"""

from __future__ import annotations

import gc
import statistics
import time
from datetime import timedelta
from typing import Any

from bench import town as made
from bench.people import _database, _fill, _installation, _officer, _page
from bench.report import Report, Row
from bench.scratch import scratch

PART = "reviews"
YEARS = 3
SCREENS = 40
REQUESTS = 5
"""Requests of each screen, after two that are not counted."""
TARGETS = {"start": 10.0, "screen": 150.0, "sweep": 1.0}


def run(report: Report, *, people: int = made.PEOPLE) -> None:
    """All rows. people: fewer for a run of a minute."""
    with scratch() as top, _database() as database:
        data = _installation(top / "data")
        say = "PostgreSQL 17" if database else "SQLite"
        _import(people)
        t = _fill(report, say)
        del data
        now = int(t.now.timestamp() * 1000)
        _history(now)
        review = _start(report, say, now)
        _sweep(report, say, now)
        _screens(report, say, review)


def _import(people: int) -> None:
    from civicmail.city.identity.actions import feed

    content = made.personnel_list(people)
    now = time.time_ns() // 1_000_000
    feed.apply(
        feed.propose(content, source="people.csv", actor=_officer(), now=now), actor=_officer(), reason="Looked at it.", now=now
    )


def _history(now: int) -> None:
    """What three years left: the same questions, kept, in reviews that are closed."""
    from civicmail.city.conduct.actions import review_schedule, review_start
    from civicmail.city.conduct.models import Review, ReviewRow

    for year in range(YEARS, 0, -1):
        at = now - year * 365 * 86_400_000
        day = review_schedule.from_ms(at).date()
        review = Review.objects.create(key=f"everyone:{day}", tier="everyone", planned=day, by="tick")
        begun = review_start.begin(review, actor=review_schedule.TICK, now=now - year * 1000)
        ReviewRow.objects.filter(review=begun).update(state="verified", answer="keep", at=review_schedule.from_ms(at))
        Review.objects.filter(pk=begun.pk).update(
            state="closed", started=review_schedule.from_ms(at), deadline=review_schedule.from_ms(at) + timedelta(14)
        )


def _start(report: Report, who: str, now: int) -> Any:
    from civicmail.city.conduct.actions import review_schedule, review_start
    from civicmail.city.conduct.models import Review, ReviewPart

    review = Review.objects.create(key="everyone:now", tier="everyone", planned=review_schedule.from_ms(now).date(), by="tick")
    begun = time.perf_counter()
    started = review_start.begin(review, actor=review_schedule.TICK, now=now)
    took = time.perf_counter() - begun
    reviewers = ReviewPart.objects.filter(review=started).values("reviewer").distinct().count()
    report.add(Row(PART, who, f"a review begins, {started.rows.count():,} rows", took, "s", None, f"<= {TARGETS['start']:g}"))
    report.note(f"{reviewers} reviewers, {started.parts.count()} parts, {YEARS} reviews before it")
    return started


def _sweep(report: Report, who: str, now: int) -> None:
    """A round of the city worker while a review of everybody runs and nothing is due."""
    from civicmail.city.conduct.actions import review_jobs

    took = []
    for n in range(5):
        begun = time.perf_counter()
        review_jobs.sweep(now + 1000 + n)
        took.append(time.perf_counter() - begun)
    report.add(Row(PART, who, "a round of the sweep", statistics.median(took), "s", None, f"<= {TARGETS['sweep']:g}"))


def _screens(report: Report, who: str, review: Any) -> None:
    """The screen of each reviewer, or of the largest forty; the whole stack but for the listening socket."""
    from django.db.models import Count
    from django.test import Client

    from pages.world import signed_in

    parts = review.parts.filter(reviewer__isnull=False, turn=0).annotate(n=Count("rows")).order_by("-n", "id")
    parts = list(parts.select_related("reviewer", "department")[:SCREENS])
    gc.collect()
    gc.freeze()
    slow, took = [], []
    for part in parts:
        client = Client(headers={"host": "localhost"}, raise_request_exception=False)
        client.cookies["sessionid"] = signed_in(part.reviewer)
        path = f"/dept/{part.department.code}/reviews/{review.pk}/"
        mine = [_page(client, path, path) for _ in range(REQUESTS + 2)][2:]
        took += mine
        slow.append(statistics.median(mine))
    took.sort()
    report.add(Row(PART, who, "the slowest reviewer's screen", max(slow), "ms", None, f"<= {TARGETS['screen']:g}"))
    report.add(Row(PART, who, "... p95 of all requests", took[len(took) * 95 // 100], "ms"))
    report.add(Row(PART, who, "... the slowest request", took[-1], "ms"))
    report.add(Row(PART, who, f"... median of {len(parts)} reviewers", statistics.median(took), "ms"))
    report.note(f"rows on the largest: {parts[0].n}")
