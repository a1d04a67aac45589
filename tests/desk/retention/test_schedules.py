"""Schedules on pages: those in force, what a file changes, what becomes due, and the task before one expires (P-20, P-23)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.law.schedules import parse
from civicmail.desk.retention import class_counts
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import class_months, classes
from civicmail.mail.search.reader import Reader
from pages.retention_rows import SCHEDULES
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
WHY = "Common Council, file 270003, of 12 January."
ADOPT = "/retention/schedules/adopt/"


def text(response: Any) -> str:
    assert response.status_code in (200, 409, 422), (response.status_code, response.content[:500])
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def in_force(city: Town, words: str) -> None:
    classes.adopt(installation(), words, actor="p-retention", reason=WHY, now=epoch_ms(city.now))


@pytest.mark.rule("P-20", "A file of schedules is compared with the one in force, with what would be due, before it is adopted.")
def test_a_file_is_compared_then_adopted(city: Town, visit: Visit) -> None:
    client, other = visit("retention"), SCHEDULES.replace("years = 7", "years = 9")
    for sent, says in (
        ({"text": SCHEDULES.replace("years = 7", "years = 2")}, "Schedule 1 (line"),
        ({"text": "class = ?"}, "line 1"),
        ({"text": ""}, "Choose or paste"),
        ({"file": SimpleUploadedFile("s.toml", b"\xff\xfe"), "text": ""}, "no text in UTF-8"),
    ):
        answer = client.post(ADOPT, sent)
        assert answer.status_code == 422 and says in text(answer), says
    class_counts.step(installation(), epoch_ms(city.now))
    shown = client.post(ADOPT, {"file": SimpleUploadedFile("s.toml", other.encode()), "text": ""})
    page = text(shown)
    assert "Put 4 schedules into force" in page and "7 years after receipt" in page and "9 years after receipt" in page
    assert classes.text_of(installation()) == SCHEDULES, "nothing is in force before the button"
    sent = {"text": other, "former": "1", "reason": WHY}
    assert client.post(ADOPT, {**sent, "reason": "short"}).status_code == 422
    assert client.post(ADOPT, sent).status_code == 302
    assert classes.text_of(installation()) == other, "byte for byte"
    entry = Entry.objects.get(act="retention.schedule")
    assert (entry.person, entry.reason) == ("p-retention", WHY) and len(entry.facts["sha256"]) == 64
    page = text(client.get("/retention/schedules/"))
    assert "Correspondence by e-mail" in page and "PRB 2026-044" in page and "mayor" in page
    stale = client.post(ADOPT, {**sent, "text": SCHEDULES.replace("years = 7", "years = 8")})
    assert stale.status_code == 409 and "in the meantime" in text(stale)
    assert client.post(ADOPT, {**sent, "former": "2"}).status_code == 422, "it is in force already"
    assert visit("recorder").get(ADOPT).status_code == 403


@pytest.mark.rule("P-20", "Earlier files of schedules stay readable, each with what it changed.")
def test_earlier_files_stay_readable(city: Town, visit: Visit) -> None:
    in_force(city, SCHEDULES.replace("years = 7", "years = 9"))
    client = visit("auditor")
    assert "File 2, 4 schedules" in text(client.get("/retention/schedules/files/"))
    page = text(client.get("/retention/schedules/files/2/"))
    assert "7 years after receipt" in page and "9 years after receipt" in page and "Active" in page
    assert "Ended" in text(client.get("/retention/schedules/files/1/"))
    assert client.get("/retention/schedules/files/3/").status_code == 404


@pytest.mark.rule("P-20", "A schedule is marked a year before its approval expires, and is a task of Home half a year before.")
def test_a_schedule_is_marked_before_it_expires(city: Town, visit: Visit) -> None:
    day = city.now.date()
    for days, on_page, on_home in (
        (300, "Expires in", ""),
        (100, "Expires in", "Renew the schedule"),
        (-3, "has expired", "Renew"),
    ):
        expires, approved = day + timedelta(days=days), day - timedelta(days=900)
        words = re.sub(r"approved = \S+", f"approved = {approved}", re.sub(r"expires = \S+", f"expires = {expires}", SCHEDULES))
        in_force(city, words)
        client = visit("retention")
        assert on_page in text(client.get("/retention/schedules/"))
        home = text(client.get("/"))
        assert on_home in home and ("Renew" in home) == bool(on_home), days
        assert "Renew" not in text(visit("head").get("/"))


@pytest.mark.rule("P-23", "What becomes due is reckoned from a file of the worker, with its time, and not by reading the archive.")
def test_the_page_due_reckons_from_counts_of_the_worker(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    client, now = visit("auditor"), epoch_ms(city.now)
    assert "not counted yet" in text(client.get("/retention/due/"))
    months = {"2019-11": {"mail": 5}, f"{city.now:%Y-%m}": {"mail": 7, "novel": 1}}
    monkeypatch.setattr(class_months, "by_month", lambda data: ({m: dict(counts) for m, counts in months.items()}, 3))
    assert class_counts.step(installation(), now) == 1 and class_counts.step(installation(), now + 60_000) == 0
    in_force(city, SCHEDULES.replace("years = 7", "years = 8"))
    assert class_counts.step(installation(), now + 61_000) == 1, "other schedules have other addresses"
    assert class_counts.step(installation(), now + 25 * 3_600_000) == 1
    counts = class_counts.current(installation())
    assert counts is not None and counts.held > 0
    page = text(client.get("/retention/due/"))
    assert "What stays whatever its age" in page and "Due by year" in page and "No schedule in force names this class" in page
    assert "3 messages not sealed yet" in page
    file = client.get("/retention/due/file/").content.decode("utf-8-sig")
    assert file.startswith("class,schedule,messages,due,")


@pytest.mark.rule("P-23", "A message counts under the longest class of its people.")
def test_mail_of_officials_counts_under_their_class(city: Town) -> None:
    month, before = f"{city.now:%Y-%m}", f"{city.now - timedelta(days=31):%Y-%m}"
    people = SCHEDULES.replace("mayor@city.example", "@city.example")
    months = {month: {"mail": 100_000}, before: {"mail": 100_000}, "2001-01": {"mail": 2}}
    class_counts.move_by_address(months, parse(people), Reader(installation()))
    assert months["2001-01"] == {"mail": 2}
    assert sum(months[name].get("executive", 0) for name in (month, before)) > 0
    assert {sum(months[name].values()) for name in (month, before)} == {100_000}


def test_without_schedules_nothing_is_ever_due(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "versions", lambda data: [])
    client = visit("retention")
    assert "nothing is ever disposed of" in text(client.get("/retention/schedules/"))
    assert "No file was ever adopted" in text(client.get("/retention/schedules/files/"))
    assert "No schedules are in force, so nothing becomes due." in text(client.get("/retention/due/"))
