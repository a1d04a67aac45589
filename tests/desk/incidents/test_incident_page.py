"""The page of an incident: the message and what became of it, and one act that removes it and answers everybody (P-31)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions.link_openings import record_opening
from civicmail.desk.incidents.models import Case, Pull
from desk.holding.test_quarantine import words
from desk.incidents.test_message_removal import lies, reported, wave, work
from desk.incidents.test_reporting import DANA, PAT, WHY, came, phish
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
REMOVE = {"answer": "remove", "reason": WHY, "state": "open"}


@pytest.mark.rule("P-31", "One act with one reason answers every reporter and removes the counted copies, or does neither.")
def test_one_act_answers_everybody_and_removes_what_was_counted(plain: Town, visit: Visit, installed: Path) -> None:
    case = reported(plain, wave(installed, epoch_ms(plain.now))[0], phish())
    security, page = visit("security"), f"/incidents/{case.pk}/"
    assert "Remove from 2 mailboxes and thank the 1 who reported" in words(security.get(page))
    Notice.objects.all().delete()
    assert security.post(page, {**REMOVE, "copies": 2}).status_code == 409
    assert Case.objects.get().state == "open" and not Notice.objects.exists() and not Pull.objects.exists()
    response = security.post(page, {**REMOVE, "copies": 3})
    pull = Pull.objects.get()
    assert response["Location"] == f"/incidents/pulls/{pull.pk}/" and (pull.state, pull.total, pull.why) == ("running", 3, WHY)
    assert Case.objects.get().state == "right" and [n.to for n in Notice.objects.all()] == [DANA]
    assert {e.act: e.reason for e in Entry.objects.filter(act__in=("report.answer", "pull.ask"))} == {
        "report.answer": WHY, "pull.ask": WHY
    }  # fmt: skip
    assert security.post(page, {**REMOVE, "copies": 3}).status_code == 409, "answered once"


def test_nobody_else_answers_or_removes(plain: Town, visit: Visit, installed: Path) -> None:
    case = reported(plain, wave(installed, epoch_ms(plain.now))[0], phish())
    for who in ("crew0", "admin", "auditor"):
        assert visit(who).post(f"/incidents/{case.pk}/", {**REMOVE, "copies": 3}).status_code == 403
    assert Case.objects.get().state == "open" and not Pull.objects.exists()


@pytest.mark.rule(
    "P-16, P-31", "A reported message is shown on the page of its incident in one look, and no link in it can be followed."
)
def test_a_look_has_subject_headers_and_links_that_lead_nowhere(plain: Town, visit: Visit, installed: Path) -> None:
    one = came(installed, epoch_ms(plain.now) - 9000, DANA, raw=phish())
    case = reported(plain, one, phish())
    security, page = visit("security"), f"/incidents/{case.pk}/"
    before = words(security.get(page))
    assert "mailbox is full" not in before and "pay[.]example" in before and not Entry.objects.filter(act="report.read").exists()
    shown = security.post(f"{page}{one.uuid}/")
    assert Entry.objects.filter(act="report.read").count() == 1
    for text in ("Your mailbox is full", "hxxp://pay[.]example/1", "Message-ID", "Remove from 1 mailbox and thank the 1"):
        assert text in words(shown)
    assert 'href="http://pay.example' not in shown.content.decode()


def test_security_sees_who_has_opened_it_and_who_has_clicked(plain: Town, visit: Visit, installed: Path) -> None:
    """In My mail, by its holder; a copy that nobody has opened is one of those to hurry for."""
    one, two, _ = wave(installed, epoch_ms(plain.now))
    case = reported(plain, one, phish())
    assert visit("crew0").get(f"/mail/{one.uuid}/").status_code == 200
    assert queries.readers(queries.find_copies(case, now=epoch_ms(plain.now)).copies) == {(DANA, one.uuid)}
    record_opening(two.uuid, 0, PAT, "pay.example", is_confirmed=True, now=plain.now)
    page = words(visit("security").get(f"/incidents/{case.pk}/"))
    assert "Opened it 1 Clicked 1" in page and f"{PAT} pay.example" in page
    rows = visit("security").get(f"/incidents/{case.pk}/?format=csv")
    lines = b"".join(rows.streaming_content).decode().splitlines()  # type: ignore[attr-defined]  # a stream, as CSV is
    assert [line.rpartition(",")[2].strip('"') for line in lines[1:]] == ["Yes", "", ""]


def test_a_removal_is_followed_while_it_goes_on_and_can_be_left(plain: Town, visit: Visit, installed: Path) -> None:
    """What script asks for again is the part alone; a reason that somebody writes is never swapped away."""
    one, _, _ = wave(installed, epoch_ms(plain.now))
    lies(installed, "dana.ortiz", one)
    case = reported(plain, one, phish())
    security = visit("security")
    page = security.post(f"/incidents/{case.pk}/", {**REMOVE, "copies": 3})["Location"]
    running = security.get(page).content.decode()
    assert f'hx-get="{page}"' in running and "0 of 3 copies are done" in running
    assert "hx-get" not in security.get(f"{page}?undo=1").content.decode().partition('id="job"')[2].partition(">")[0]
    work(plain, installed)
    part = security.get(page, headers={"X-Poll": "1", "HX-Request-Type": "partial"}).content.decode()
    assert "<main" not in part and "Removed" in part and "hx-trigger" not in part.partition(">")[0]
    assert "3 of 3 done" in words(security.get(f"/incidents/{case.pk}/"))


def test_sender_and_hosts_are_blocked_from_the_page_of_an_incident(plain: Town, visit: Visit, installed: Path) -> None:
    """The form of the emergency rule is filled in; nothing of the city's own is offered."""
    one = came(installed, epoch_ms(plain.now) - 9000, DANA, raw=phish())
    case = reported(plain, one, phish())
    security = visit("security")
    links = re.findall(r'href="(/policy/emergencies/new/[^"]*)"', security.get(f"/incidents/{case.pk}/").content.decode())
    given = [{k: v[0] for k, v in parse_qs(urlsplit(unescape(link)).query).items()} for link in links]
    assert [(g["kind"], g["value"]) for g in given] == [("sender", "help@desk.example"), ("host", "pay.example")]
    form = security.get(unescape(links[1])).content.decode()
    assert re.search(r'value="host"[^>]* checked', form) and f"Incident {case.pk} was reported" in form
