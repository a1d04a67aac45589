"""How many approvals a department would be asked for, from what its people have sent (P-22)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from civicmail.city.policy.dispositions import Disposition, Facts
from civicmail.desk.oversight import approval_forecast
from civicmail.desk.oversight.approval_forecast import DAY_MS, DAYS, forecast
from civicmail.desk.oversight.recorded_facts import RecordedFacts

NOW = int(datetime(2026, 3, 30, tzinfo=UTC).timestamp() * 1000)  # four weeks before it begin on a Monday


def told(
    at: int = NOW - DAY_MS, source: str = "submission", *, approved: tuple[str, ...] = ("",), **facts: object
) -> RecordedFacts:
    whole: Facts = {"sender.department": "parks", "files.leaving": ("aa",), **facts}  # type: ignore[dict-item]
    copies = tuple(
        Disposition(n, "deliver", (), {"outbound": True, **({"recipient.approved": by} if by else {})})
        for n, by in enumerate(approved)
    )
    return RecordedFacts("id", at, source, whole, copies)


@pytest.mark.rule(
    "P-22",
    "The forecast counts a message with files to outside once, of people and not of machines, on working days.",
)
def test_a_message_is_one_question_of_people_on_working_days() -> None:
    asked = [told(), told(approved=("", "", "s1")), told(**{"files.leaving": (), "files.count": 2})]
    not_asked = [
        told(source="mx", inbound=True), told(approved=("s1",)), told(approved=()), told(**{"sender.machine": True}),
        told(**{"files.leaving": ()}), told(**{"sender.department": ""}),
    ]  # fmt: skip
    found = forecast([*asked, *not_asked], NOW, [date(2026, 3, 17)])
    assert (found.questions, found.days, found.read) == ({"parks": 3}, 19, 9)
    assert (found.tenths("parks"), found.tenths("fire")) == (2, 0)


def test_of_a_large_city_the_newest_days_stand_for_all(monkeypatch: object) -> None:
    """As many days as were read, no more."""
    many = [told(NOW - DAY_MS * (n // 10_000)) for n in range(approval_forecast.MAX_READ + 5)]
    found = forecast(many, NOW, [])
    assert found.read == approval_forecast.MAX_READ and found.days < DAYS
