"""The main act on the page of a violation is the step that its case waits for (P-30)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.views.violations import comes_next, doable
from civicmail.city.guard.epoch import epoch_ms

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=3), NOW - timedelta(days=1)


@pytest.mark.rule(
    "P-30",
    "The main step on a violation's page is the one that its case waits for; none while the person has time to respond.",
)
@pytest.mark.parametrize(
    ("respond_by", "response", "can", "wanted"),
    [
        (None, "", ["ask", "evidence", "finding"], "ask"),
        (LATER, "", ["response", "evidence", "finding"], ""),
        (LATER, "It was me.", ["evidence", "finding"], "finding"),
        (EARLIER, "", ["response", "evidence", "finding"], "finding"),
        (None, "", ["training", "hearing"], "hearing"),
        (None, "", ["training", "appeal"], "training"),
        (None, "", ["appeal"], ""),
    ],
)
def test_the_main_step_is_what_the_case_waits_for(respond_by: datetime | None, response: str, can: list[str], wanted: str) -> None:
    """An appeal before training, and no finding while the person has time to answer."""
    assert comes_next(Violation(respond_by=respond_by, response=response), can, epoch_ms(NOW)) == wanted


@pytest.mark.parametrize(("state", "due"), [("decided", True), ("appealed", True), ("upheld", True), ("overturned", False)])
def test_nobody_is_trained_for_what_was_overturned(state: str, due: bool) -> None:
    assert ("training" in doable(Violation(state=state, outcome="warning", decided=EARLIER))) == due
