"""Purely personal mail: the employee flags it, two people of the desk decide, and what was excluded can be counted again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.desk.records.models import Decision, PersonalFlag
from desk.records.mail_world import archived, letter
from desk.records.review_world import Desk

pytestmark = pytest.mark.django_db
WHY = "A letter of my sister about her wedding."


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), response.content[:2000]
    return " ".join(response.content.decode().split())


@pytest.mark.rule("P-21", "An employee may flag a message of their own as purely personal; the custodian decides.")
def test_r18_an_employee_flags_a_message_of_their_own_and_only_once(city: Any, visit: Callable[[str], Client]) -> None:
    id_, holder = city.objects["mail delivered"], visit("crew0")
    page = f"/mail/{id_}/personal/"
    assert page in text(holder.get(f"/mail/{id_}/"))
    assert holder.post(page, {"why": "short"}).status_code == 422 and not PersonalFlag.objects.filter(capture=id_).exists()
    assert holder.post(page, {"why": WHY}).status_code == 302
    flag = PersonalFlag.objects.get(capture=id_)
    assert (flag.by, flag.why) == (city.people["crew0"], WHY)
    entry = Entry.objects.filter(act="records.flag-personal").latest("pk")
    assert entry.object == f"capture:{id_}" and "wedding" not in bytes(entry.head).decode()
    assert "flagged this message before" in text(holder.post(page, {"why": WHY}))
    assert visit("crew1").post(page, {"why": WHY}).status_code in (403, 404), "of somebody else"


@pytest.fixture
def desk(city: Any, installed: Path) -> Desk:
    """Three messages, of which Dana flagged the second."""
    desk = Desk(city)
    desk.assign("attorney", "attorney")
    desk.request.scopes.filter(state="agreed").update(query="lead")
    letters = [letter(f"Lead line list {n}") for n in range(3)]
    for number, capture in enumerate(archived(installed, epoch_ms(city.now), letters), 1):
        desk.item(number, capture=capture, received=1_767_225_600_000 + number * 3_600_000)
    flagged = desk.request.items.get(number=2).capture
    PersonalFlag.objects.create(capture=flagged, by=city.people["crew0"], at=city.now, why=WHY)
    return desk


def test_r18_a_flag_decides_nothing_and_the_custodian_decides_with_a_second_person(
    desk: Desk, visit: Callable[[str], Client]
) -> None:
    officer, attorney = visit("recorder"), visit("attorney")
    review = f"/records/requests/{desk.request.number}/review/"
    shown = text(officer.get(f"{review}?which=flagged"))
    assert WHY in shown and "1 of 1" in shown and not Decision.objects.filter(request=desk.request).exists()
    assert WHY not in text(officer.get(f"{review}?item=1"))
    officer.post(f"{review}?item=2", {"act": "personal", "code": "schill"})
    made = Decision.objects.get(request=desk.request)
    assert made.second_asked and made.confirmed is None
    attorney.post(f"{review}?item=2&which=second", {"act": "confirm"})
    made.refresh_from_db()
    assert made.confirmed_by == desk.city.people["attorney"]


@pytest.mark.rule("P-21", "How many messages were excluded as personal, and when they came, can be said again at any time.")
def test_r18_the_report_of_excluded_personal_mail_is_reproducible(desk: Desk, visit: Callable[[str], Client]) -> None:
    """Attorney General of Wisconsin, memorandum of 28 July 2010."""
    officer, attorney = visit("recorder"), visit("attorney")
    review = f"/records/requests/{desk.request.number}/review/"
    for number in (1, 2):
        officer.post(f"{review}?item={number}", {"act": "personal", "code": "schill"})
    attorney.post(f"{review}?item=2&which=second", {"act": "confirm"})
    report = officer.get(f"{review}personal-mail.csv")
    lines = report.content.decode("utf-8-sig").splitlines()
    assert lines == ["Item,Date,Time", "000002,2025-12-31,20:00", "Purely personal,1,"], "only what two people agreed on"
    assert visit("auditor").get(f"{review}personal-mail.csv").content == report.content
    assert "Lead" not in report.content.decode() and WHY not in report.content.decode()
