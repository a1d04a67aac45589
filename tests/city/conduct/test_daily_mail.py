"""One mail a working day holds everything that waits for a manager; nobody gets an empty one (P-05, P-28)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from city.identity import staff
from civicmail.city.conduct.actions import daily_mail
from civicmail.city.conduct.models import DailyMail
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.identity.models import Authorization, AutoReply
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
"""Half past eight in the morning of a Monday where the city is."""


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


@pytest.fixture
def works() -> Department:
    """A head with live access, and somebody whose request waits for an answer."""
    chief = staff.person("chief")
    where = staff.department("works")
    staff.employed(chief, where)
    head = staff.worker("head", where, chief)
    Department.objects.update(head=head)
    staff.policy()
    asked(where, "sam")
    return Department.objects.get()


def asked(where: Department, uid: str) -> None:
    boss = staff.person(account=False)
    who = staff.person(uid)
    episode = staff.employed(who, where)
    row = staff.authorized(who, staff.mailbox(f"{uid}@city.example", where, who), episode, boss)
    Authorization.objects.filter(pk=row.pk).update(state="asked", approver=None, decided=None, starts=None, asked=MORNING)


def accepted(who: Person) -> None:
    from civicmail.city.identity.models import Acknowledgement, PolicyText

    text = PolicyText.objects.get()
    Acknowledgement.objects.create(person=who, text=text, accepted=True, at=staff.OLD, shown=text.sha256)


def test_a_manager_gets_one_mail_with_what_waits_and_where(works: Department) -> None:
    """What and how much; whom it is about stands on the pages alone."""
    head = works.head
    assert head is not None
    accepted(head)
    assert daily_mail.write(ms(MORNING)) == 1
    assert daily_mail.write(ms(MORNING) + 60_000) == 0, "once a day"
    notice = Notice.objects.get(key=f"daily:2026-03-02:{head.pk}")
    assert notice.to == "head@city.example"
    assert "Answer requests for access: 1 request" in notice.text and "/access/requests/" in notice.text
    assert "sam" not in notice.text.lower()
    assert daily_mail.write(ms(MORNING + timedelta(days=1))) == 1, "the next day it waits still"


@pytest.mark.rule(
    "P-05, P-28",
    "A manager gets one mail a working day about all pending tasks, without names, and none without tasks.",
)
def test_where_nothing_waits_nothing_is_written(works: Department) -> None:
    assert works.head is not None
    accepted(works.head)
    Authorization.objects.filter(state="asked").update(state="withdrawn")
    assert daily_mail.write(ms(MORNING)) == 1
    assert not Notice.objects.filter(key__startswith="daily:").exists()
    assert DailyMail.objects.get().tasks == 0


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 1, 14, 30, tzinfo=UTC),  # a Sunday
        datetime(2026, 3, 2, 11, 0, tzinfo=UTC),  # five in the morning
        datetime(2026, 3, 3, 2, 0, tzinfo=UTC),  # eight in the evening
    ],
)
def test_nobody_is_written_to_at_night_and_on_days_off(works: Department, at: datetime) -> None:
    assert daily_mail.write(ms(at)) == 0


def test_no_mail_on_a_holiday(works: Department, settings: Any) -> None:
    from dataclasses import replace

    city = settings.CITY
    settings.CITY = replace(city, oversight=replace(city.oversight, holidays=("2026-03-02",)))
    assert daily_mail.write(ms(MORNING)) == 0


def test_an_absent_managers_mail_goes_to_the_deputy(works: Department) -> None:
    """By the automatic reply alone."""
    assert works.head is not None
    deputy = staff.worker("deputy", works, works.head)
    works.deputies.add(deputy)
    accepted(deputy)
    accepted(works.head)
    AutoReply.objects.create(
        mailbox=Mailbox.objects.get(address="head@city.example"), kind="own", text="Away.", by="head",
        starts=MORNING - timedelta(hours=1), until=MORNING + timedelta(days=1), made=MORNING,
    )  # fmt: skip
    daily_mail.write(ms(MORNING))
    assert [n.to for n in Notice.objects.filter(key__startswith="daily:")] == ["deputy@city.example"]
    assert DailyMail.objects.get().day == date(2026, 3, 2)
