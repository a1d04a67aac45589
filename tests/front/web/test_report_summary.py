"""The summary of a department's report says what stands out, and nothing else (P-28)."""

from __future__ import annotations

import pytest

from civicmail.front.web.report_summary import Month, sentences


def told(this: Month, last: Month, city: float | None = None, violations: int = 0, owing: int = 0) -> list[str]:
    return list(sentences("November", "October", this, last, city, violations, owing))


def test_nothing_is_said_where_nothing_stands_out() -> None:
    assert told(Month(2.0, 4), Month(2.2, 5), 2.1) == []
    assert told(Month(None, 0), Month(3.0, 0), 2.0) == []
    assert told(Month(0.3, 0), Month(0.1, 0), 0.1) == [], "minutes are chance"


@pytest.mark.rule("P-28", "The report of a department begins with what stands out beside the month before and the city.")
def test_what_stands_out_is_said_beside_the_month_before_and_the_city() -> None:
    assert told(Month(4.0, 12), Month(2.0, 5), 2.0, 1, 3) == [
        "In November files waited 4.0 hours for a decision on average, longer than in October (2.0) and longer than "
        "the city’s median (2.0).",
        "12 requests to release mail came in November, 5 in October.",
        "1 violation is open.",
        "3 people have not accepted the policy in time and cannot send.",
    ]
    assert told(Month(1.0, 1), Month(4.0, 9), 1.1, 2, 1) == [
        "In November files waited 1.0 hours for a decision on average, less than in October (4.0).",
        "1 request to release mail came in November, 9 in October.",
        "2 violations are open.",
        "1 person has not accepted the policy in time and cannot send.",
    ]
