"""Who approved what is a report: every answer with who gave it and why, of one's own departments (P-22, P-28)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from civicmail.desk.holding.lists.approvals import hours_text, median_wait
from desk.holding.leaving import ACME, DOT, LENA, OWL, PDF, Bureau
from desk.holding.test_approvals import HOUR, WHY, answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
PAGE = "/holding/approvals/report/"


@pytest.mark.rule(
    "P-22, P-28",
    "Every answer about files is in a report with its author, time and reason; for one's own departments, or for all in "
    "the case of an auditor.",
)
def test_every_answer_stands_in_the_report_with_who_gave_it_and_why(files: Bureau, visit: Callable[[str], Client]) -> None:
    """The newest first, of one's own departments or of all for an auditor; as a page and as a file."""
    row = files.asked("crew0", LENA, ACME, DOT, OWL)
    files.desk.now += HOUR // 2
    answer(files, row, "head", to=(1,))
    files.desk.now += HOUR
    answer(files, row, "deputy", "refuse", to=(2,), reason="The plan is not final yet.")
    shown = words(visit("head").get(PAGE))
    assert "Median wait 1 h 00 min" in shown and OWL not in shown, "what waits is no answer"
    content = b"".join(visit("auditor").get(f"{PAGE}?format=csv")).decode()  # type: ignore[call-overload]
    lines = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))
    assert [line[1:5] for line in lines[1:]] == [
        ["Denied", "Kim Boyd", "Dana Ortiz (Public Works)", DOT],
        ["Approved", "Rosa Hale", "Dana Ortiz (Public Works)", ACME],
    ]
    assert [line[6:] for line in lines[1:]] == [["", "1 h 30 min", "The plan is not final yet."], ["", "30 min", WHY]]
    assert lines[1][5] == row.parts[0][3][:12] and len(PDF) == row.parts[0][2]
    assert DOT in words(visit("head").get(f"{PAGE}?by=Boyd")) and ACME not in words(visit("head").get(f"{PAGE}?by=Boyd"))
    assert "Nothing was answered yet." in words(visit("chief").get(PAGE)), "another department's is none of their business"
    assert visit("crew0").get(PAGE).status_code == 403


def test_a_wait_is_told_in_hours() -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert median_wait([]) == "nothing was answered"
    assert median_wait([(at, at + timedelta(minutes=m)) for m in (5, 9, 600)]) == "9 min"
    assert (hours_text(timedelta(hours=30, minutes=5)), hours_text(timedelta(seconds=-9))) == ("30 h 05 min", "0 min")


@pytest.mark.rule("P-22, P-28", "The time to an answer about files counts answers only, not expired or withdrawn requests.")
def test_what_nobody_has_answered_is_in_no_median(files: Bureau, visit: Callable[[str], Client]) -> None:
    """It went back after days, and says nothing of how long answers take."""
    row = files.asked("crew0", ACME)
    files.asked("crew0", DOT, files={"b.pdf": PDF + b"b"})
    files.desk.now += HOUR // 2
    answer(files, row, "head")
    files.hear(100 * 24 * HOUR)
    shown = words(visit("head").get(PAGE))
    assert "Median wait 30 min" in shown and "Expired" in shown
