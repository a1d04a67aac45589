"""The played managers of a simulated day: they answer when they have looked, and cost nothing before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from civicmail.desk.holding.models import ApprovalCopy
from civicmail.front.sample.office_workers import OfficeWorkers
from civicmail.front.sample.work_done import WorkDone
from desk.holding.leaving import ACME, DOT, LENA, Bureau, bureau
from desk.mailbox.conftest import city as city
from pages.world import Town

MONDAY = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


@pytest.fixture
def files(installed: Path, city: Town) -> Iterator[Bureau]:
    with time_machine.travel(MONDAY, tick=False), bureau(installed, city) as made:
        yield made


@pytest.mark.rule("P-22", "A simulated manager decides each message once, and polling costs two queries until a decision is due.")
@pytest.mark.django_db
def test_a_manager_is_asked_once_and_a_look_costs_two_queries_until_something_is_due(
    files: Bureau, django_assert_num_queries: Any
) -> None:
    for to in (ACME, DOT):
        files.asked("crew0", LENA, to)
    hours, over = [9.0], False
    hands = OfficeWorkers(1, lambda: (hours[-1], files.desk.now), lambda: over)
    hands.work()
    hours.append(9.01)
    with django_assert_num_queries(2):
        hands.work()
    assert hands.worked == WorkDone(Counter({"p-head": 2}), [], Counter())
    hours.append(17.5)
    over = True
    hands.work()
    assert not hands.worked.waits, "nobody begins an answer when the day is over"
    over = False
    hands.work()
    assert hands.worked.waits == pytest.approx([510.0, 510.0], abs=1) and hands.worked.asked == {"p-head": 2}
    assert not ApprovalCopy.objects.filter(state="waits").exists()
    assert WorkDone.decode(hands.worked.encode()) == hands.worked
