"""The city worker reads before it locks: whoever changes something waits for its writes alone, which are short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from django.db import connection

from city.conduct.asked import START, Works, actor, day, quiet, row
from city.identity import staff
from city.identity.staff import MS
from civicmail.city.conduct import evidence_file
from civicmail.city.conduct.actions import daily_mail, leavers, reminders, review_end, review_schedule
from civicmail.city.conduct.models import DailyMail, Leaver, Review, ReviewRow
from civicmail.city.conduct.queries import deciders, item_facts, review_evidence
from civicmail.city.directory.models import Episode
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.identity.actions.access_end import end_access
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db(transaction=True)
MORNING = int(datetime(2026, 3, 2, 14, 30, tzinfo=UTC).timestamp() * 1000)

Watch = Callable[[ModuleType, str], list[bool]]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Whether a transaction was open, each time that a function of a module was called."""

    def watched(module: ModuleType, name: str) -> list[bool]:
        seen, plain = [], getattr(module, name)

        def look(*args: Any, **more: Any) -> Any:
            seen.append(connection.in_atomic_block)
            return plain(*args, **more)

        monkeypatch.setattr(module, name, look)
        return seen

    return watched


@pytest.mark.rule("P-05, P-08", "The questions of a review are read before it locks rows, so that acts do not wait for it.")
def test_what_a_review_asks_is_read_before_it_locks(watch: Watch) -> None:
    """By date, and of one person who has moved."""
    works = Works(2)
    seen = watch(item_facts, "of_right")
    Review.objects.create(key="everyone:today", tier="everyone", planned=staff.NOW.date(), by="tick")
    assert review_schedule.start_due(START) == 1 and len(seen) == 4
    Episode.objects.filter(person=works.workers[0]).update(department=works.office)
    assert review_schedule.micro_due(START) == 1 and not any(seen) and len(seen) == 5
    assert set(Review.objects.values_list("state", flat=True)) == {"running"}


@pytest.mark.rule("P-05, P-08", "Whom the time writes to, and what about, is read before it locks.")
def test_whom_to_write_to_is_read_before_it_locks(watch: Watch) -> None:
    """About leavers, what waits for managers, and reminders of a review."""
    works = quiet(2)
    seen = watch(deciders, "of_departments")
    end_access(works.workers[0], reason="Left us today.", when=MS, actor=actor(works.officer, MS), now=MS)
    assert leavers.open_due(MS) == 1 and Leaver.objects.count() == 1 and Notice.objects.filter(key__startswith="leavers:").exists()
    waits = watch(daily_mail, "waiting_tasks")
    assert daily_mail.write(MORNING) >= 1 and DailyMail.objects.exists() and waits
    review = works.start()
    reads = watch(reminders, "waiting")
    assert review.deadline is not None
    assert reminders.remind(day(8)) + reminders.remind(day(7)) >= 1 and reads
    assert not any([*seen, *waits, *reads]) and seen


@pytest.mark.rule("P-05, P-08", "The evidence of a review is made before it locks rows, and made again if it changed meanwhile.")
def test_evidence_is_made_before_it_locks_and_anew_where_somebody_was_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checksum in the ledger is of what was decided last."""
    works = Works(1)
    review = works.start()
    ReviewRow.objects.filter(review=review).update(state="verified")
    locked: list[bool] = []
    plain = review_evidence.evidence

    def slow(made: Review) -> evidence_file.Evidence:
        locked.append(connection.in_atomic_block)
        found = plain(made)
        if len(locked) == 1:
            ReviewRow.objects.filter(pk=row(review, "w0").pk).update(reason="Somebody else wrote this meanwhile.")
        return found

    monkeypatch.setattr(review_evidence, "evidence", slow)
    assert review_end.close_due(START + DAY_MS) == 0 and Review.objects.get(pk=review.pk).state == "running"
    assert review_end.close_due(START + DAY_MS) == 1 and locked == [False, False]
    closed = Review.objects.get(pk=review.pk)
    assert closed.state == "closed" and evidence_file.digest(plain(closed).files) == closed.digest
