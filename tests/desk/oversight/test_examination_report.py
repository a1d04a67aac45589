"""The report on examinations: sums and outliers of a week or a year, and its mail to the auditors (P-16; E9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard import models as guard
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices.models import Notice
from civicmail.desk.oversight.actions.examination_reports import send_due
from civicmail.desk.oversight.examination_report import Examined, due, period_of, report
from civicmail.desk.oversight.queries.examination_report import report_of
from civicmail.desk.oversight.sampling import name_of
from desk.workbench.looking import Visit, text
from pages.world import Town

WEEK = period_of("2026-W48")


def examined(number: str, opened: int = 1, **more: Any) -> Examined:
    given_ = {"ground": "Examination", "requester": "Ann", "approver": "Bob", "departments": ("Works",), "people": 1, "days": 30}
    return Examined(number=number, searches=1, opened=opened, exports=0, **{**given_, **more})  # type: ignore[arg-type]


@pytest.mark.rule("P-16, E9", "The report on examinations lists those that opened most first, and marks outliers.")
def test_outliers_come_first() -> None:
    assert WEEK is not None
    made = report(WEEK, [examined("26-001", 2), examined("26-002", 40, urgent=True), examined("26-003", 3, people=5)], unseen=2)
    assert [each.number for each in made.shown] == ["26-002", "26-003", "26-001"]
    assert [each.number for each in made.outliers] == ["26-002"]
    assert (made.total, made.opened, made.urgent, made.median_people) == (5, 45, 1, 1)
    assert made.by_ground == [("Examination", 3)]


@given(st.lists(st.integers(0, 10**6), max_size=30))
def test_every_examination_is_in_the_report_once(opened: list[int]) -> None:
    assert WEEK is not None
    made = report(WEEK, [examined(f"26-{n:03}", count) for n, count in enumerate(opened)])
    assert sorted(each.number for each in made.shown) == [f"26-{n:03}" for n in range(len(opened))]
    assert [each.opened for each in made.shown] == sorted(opened, reverse=True)
    assert sum(count for _, count in made.by_ground) == len(opened)


@pytest.mark.parametrize("name", ["", "2026-W54", "2026-48", "26", "20260", "²026", "9999", "x" * 40, "2026-W48 "])
def test_other_words_are_no_period(name: str) -> None:
    assert period_of(name) is None


def test_a_week_is_due_when_it_is_over_and_a_year_in_january() -> None:
    assert [p.name for p in due(date(2026, 12, 3))] == ["2026-W48"]
    assert [p.name for p in due(date(2027, 1, 4))] == ["2026-W53", "2026"]
    assert [p.name for p in due(date(2027, 1, 8))] == ["2026-W53"]


@pytest.mark.rule("P-16, E9", "Auditors see by week and year which examinations there were, and what was opened under each.")
@pytest.mark.django_db
def test_auditors_see_what_was_opened(city: Town, visit: Visit) -> None:
    visit("recorder").get(f"/mandates/26-001/messages/{city.objects['mail delivered']}/")
    visit("recorder").get(f"/mandates/26-001/messages/{city.objects['mail delivered']}/?view=headers")
    visit("recorder").get("/mandates/26-001/search/?q=kestrel")
    week = name_of(timezone.localdate())
    page = text(visit("auditor").get(f"/oversight/examinations/?period={week}"))
    assert "26-001" in page and "Nora" not in page.partition("<main")[0]
    (row,) = [each for each in report_of(period_of(week)).shown if each.number == "26-001"]  # type: ignore[arg-type]
    assert (row.opened, row.searches, row.people) == (1, 1, 1), "a message that was opened twice counts once"
    assert "Public Works" in row.departments
    year = text(visit("auditor").get(f"/oversight/examinations/?period={timezone.localdate().year}"))
    assert "26-001" in year
    assert "26-001" in visit("auditor").get(f"/oversight/examinations/?period={week}&format=csv").getvalue().decode()
    assert visit("auditor").get("/oversight/examinations/?period=nonsense").status_code == 404


@pytest.mark.rule("P-16, E1, E8, E9", "Of a sealed examination, and of one about the reader, the report has only the number.")
@pytest.mark.django_db
def test_of_sealed_ones_there_is_only_the_number(city: Town, visit: Visit) -> None:
    guard.Mandate.objects.filter(number="26-003").update(sealed=True, decided=city.now)
    guard.Mandate.objects.filter(number="26-001").update(decided=city.now)
    guard.Subject.objects.create(mandate=guard.Mandate.objects.get(number="26-001"), person=city.people["auditor"], since=city.now)
    page = text(visit("auditor").get(f"/oversight/examinations/?period={name_of(timezone.localdate())}"))
    assert "26-001" not in page and "26-003" not in page and "2 sealed or not shown" in page


@pytest.mark.rule("P-16, E9", "Each week's report is mailed to the auditors once, in sums, with an entry.")
@pytest.mark.django_db
def test_the_report_is_mailed_once(city: Town) -> None:
    now = epoch_ms(city.now)
    assert send_due(now) >= 1
    notices = list(Notice.objects.filter(key__startswith="examination-report:"))
    assert notices and all("Examinations:" in n.text and "/oversight/examinations/?period=" in n.text for n in notices)
    assert not any("26-0" in n.text or "Ortiz" in n.text for n in notices), "sums, no names"
    assert guard.Entry.objects.filter(act="examinations.report").exists()
    assert send_due(now + 3_600_000) == 0
    assert send_due(now + 7 * 86_400_000) >= 1, "the next week"


@pytest.mark.django_db
def test_without_an_auditor_nothing_is_sent_and_it_stays_due(city: Town) -> None:
    from civicmail.city.identity.models import RoleAssignment

    RoleAssignment.objects.filter(role="auditor").update(ended=datetime.now(tz=city.now.tzinfo) - timedelta(minutes=1))
    assert send_due(epoch_ms(city.now)) == 0
    assert not guard.Entry.objects.filter(act="examinations.report").exists()
