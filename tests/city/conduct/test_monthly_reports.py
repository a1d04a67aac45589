"""At the start of a month each head is mailed the figures of the month before, once and in sums (P-28, P-29)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from city.conduct.test_daily_mail import ms
from city.conduct.test_daily_mail import works as works
from civicmail.city.conduct.actions import monthly_reports
from civicmail.city.directory.models import Department
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Tally
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
FEBRUARY, JANUARY = date(2026, 2, 1), date(2026, 1, 1)


def count(works: Department) -> None:
    for month, what, number in (
        (FEBRUARY, "files-approved", 3), (FEBRUARY, "files-refused", 1), (FEBRUARY, "files-minutes", 480),
        (JANUARY, "files-approved", 4), (JANUARY, "files-minutes", 960),
    ):  # fmt: skip
        Tally.objects.create(department=works, month=month, what=what, count=number)


@pytest.mark.rule(
    "P-28, P-29",
    "At the start of a month each head is mailed the figures of the month before, in sums, once and with an entry.",
)
def test_the_head_is_mailed_the_figures_of_the_month_before_once(works: Department) -> None:
    count(works)
    assert monthly_reports.write(ms(MORNING)) == 1
    assert monthly_reports.write(ms(MORNING) + 60_000) == 0
    [notice] = Notice.objects.filter(key__startswith="report:")
    assert notice.to == "head@city.example" and notice.subject == "Works: report for February 2026"
    assert "Answers about files: 4\n" in notice.text and "Files released: 3 (January: 4)" in notice.text
    assert "Hours until files were decided, on average: 2.0 (January: 4.0)" in notice.text
    assert "/dept/works/report/?month=2026-02" in notice.text and "sam" not in notice.text.lower()
    [entry] = Entry.objects.filter(act="report.mail")
    assert (entry.object, entry.facts) == ("department:works", {"month": "2026-02", "mails": 1})
    next_month = datetime(2026, 4, 1, 14, 30, tzinfo=UTC)
    Tally.objects.create(department=works, month=date(2026, 3, 1), what="release-asked", count=1)
    assert monthly_reports.write(ms(next_month)) == 1 and Notice.objects.filter(key__startswith="report:").count() == 2


def test_none_is_written_at_night_late_in_the_month_or_where_nothing_was_counted(works: Department) -> None:
    assert monthly_reports.write(ms(MORNING)) == 0, "nothing was counted"
    count(works)
    assert monthly_reports.write(ms(MORNING - timedelta(hours=4))) == 0
    assert monthly_reports.write(ms(MORNING + timedelta(days=20))) == 0
    assert not Notice.objects.filter(key__startswith="report:").exists()


@pytest.mark.rule("P-18, P-28", "How many people had accepted the policy at the end of a month is stored once, as a sum.")
def test_acceptance_at_the_end_of_the_month_is_stored_once(works: Department) -> None:
    count(works)
    monthly_reports.write(ms(MORNING))
    stored = dict(Tally.objects.filter(month=FEBRUARY, what__startswith="policy").values_list("what", "count"))
    assert stored["policy-people"] > 0 and stored.get("policy-accepted", 0) <= stored["policy-people"]
    assert not monthly_reports.store_acceptance(FEBRUARY, date(2026, 3, 1))
