"""Requests without an account: taken whole, receipted at once, followed by code or link, and no trace of who asked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.models import Notice
from civicmail.desk.records import receipts
from civicmail.desk.records.actions import holds
from civicmail.desk.records.actions.intake import MAX_BYTES, MAX_MAILED
from civicmail.desk.records.models import Contact, Letter, Request
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.receipts import by_code
from civicmail.desk.records.views import public_requests
from desk.holding.test_quarantine import words

pytestmark = pytest.mark.django_db
FORM = "/public/records/request/"
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")
ASKED = "All mail between the mayor and Harbor Paving about Oak Street since January."
LANGUAGES = (Path(__file__).parent / "twenty_languages.txt").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS", "CODES", "WRITES"):
        monkeypatch.setattr(public_requests, name, RateLimit(100))


def ask(client: Client, **more: Any) -> Any:
    return client.post(FORM, {"text": ASKED, "delivery": "link", **more})


def code_of(answer: Any) -> str:
    found = CODE.search(answer.content.decode())
    assert found, words(answer)
    return found[0]


@pytest.mark.rule(
    "P-21", "Anybody asks for records without an account, a name or a purpose, and follows the request by a receipt code."
)
def test_r1_every_identity_field_empty_is_accepted_and_the_code_alone_leads_to_the_status(law: LawPack, visit: Any) -> None:
    client = visit("")
    page = words(client.get(FORM))
    assert "You need no account" in page and "purpose" not in page.lower() and "10 working days" in page
    answer = ask(client)
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("max-age=0")
    row = Request.objects.latest("id")
    assert row.text == ASKED and not Contact.objects.filter(request=row).exists() and row.intake == "web"
    other = visit("")
    reached = other.post("/public/records/status/", {"code": code_of(answer).lower().replace("-", " ")}, follow=True)
    assert row.number in words(reached) and ASKED in words(reached)
    assert other.post("/public/records/status/", {"code": receipts.new_code()}).status_code == 409


def test_r1_a_release_is_suggested_before_the_request_and_blocks_nothing(city: Any, visit: Any) -> None:
    offered = visit("").post(f"{FORM}released/", {"text": "mail about lead lines"})
    assert "Lead lines" in words(offered)
    assert "Lead lines" not in words(visit("").post(f"{FORM}released/", {"text": "mail about swimming"}))
    assert ask(visit("")).status_code == 200


def test_r1_what_is_published_and_why_do_not_depend_on_the_law_pack(city: Any, visit: Any, installed: Path) -> None:
    """A city that has adopted no law pack takes requests all the same."""
    shutil.rmtree(installed / "law")
    answer = ask(visit(""))
    row = Request.objects.latest("id")
    assert answer.status_code == 200 and (row.law, row.due) == ("", None) and by_code(code_of(answer)) == row


@pytest.mark.rule(
    "P-21", "A requester's code and link are stored as keyed hashes, their contact data apart, and entries name neither."
)
def test_r4_code_and_link_are_stored_as_keyed_hashes_and_contact_data_apart(law: LawPack, visit: Any, installed: Any) -> None:
    answer = ask(visit(""), name="Robin Vale", email="robin@resident.example")
    code, row = code_of(answer), Request.objects.latest("id")
    link = re.search(r"/public/records/status/([\w-]{32,})/", answer.content.decode())
    assert link and len(link[1]) * 6 >= 128
    stored = repr(
        [*Request.objects.values(), *Letter.objects.values(), *Entry.objects.values("facts", "reason", "object", "person")]
    )
    assert code not in stored and link[1] not in stored and "robin" not in stored.lower()
    assert row.contact.email == "robin@resident.example" and row.contact.until.year >= 2033
    assert row.receipt == receipts.code_digest(installed, code) != receipts.link_digest(installed, code)
    opened = visit("").get(f"/public/records/status/{link[1]}/")
    assert opened.status_code == 200 and "robin" not in words(opened).lower()
    assert visit("").get("/public/records/status/someone-elses/").status_code == 404


def test_r4_a_social_security_number_is_on_no_page_without_account_and_in_no_letter(law: LawPack, visit: Any) -> None:
    answer = ask(visit(""), text="Mail about me, 219-09-9998 or 219 09 9998.", email="robin@resident.example")
    assert "Social Security number" in words(answer) and "219-09" not in Letter.objects.latest("id").text
    followed = visit("").post("/public/records/status/", {"code": code_of(answer)}, follow=True)
    assert "219-09" not in words(followed) and "219 09" not in words(followed) and "Mail about me" in words(followed)
    assert all("219-09-9998" not in notice.text for notice in Notice.objects.all())


def test_r7_the_acknowledgment_names_custodian_code_scope_hold_and_next_date(law: LawPack, visit: Any) -> None:
    answer = ask(visit(""), email="robin@resident.example")
    row, letter = Request.objects.latest("id"), Letter.objects.latest("id")
    notice = Notice.objects.get(to="robin@resident.example")
    assert row.acknowledged is not None and letter.state == "sent" and row.custodian is not None and row.due is not None
    assert ASKED in words(answer)
    for part in (code_of(answer), row.number, row.custodian.display, "is kept from now on", f"{row.due:%B} {row.due.day}"):
        assert part in notice.text, part
        assert part in words(answer), part
    assert notice.reply_to == "records@city.example" and holds.current(row).exists()
    entry = Entry.objects.get(act="records.acknowledge", object=f"request:{row.number}")
    assert len(entry.facts["sha256"]) == 64, "the ledger, whose checkpoints are signed, has the letter"


@pytest.mark.rule("P-21", "Nobody can send their own words to somebody else by the form of the records desk.")
def test_r7_the_mailed_acknowledgment_has_no_words_of_the_form_and_no_address_is_flooded(law: LawPack, visit: Any) -> None:
    for n in range(MAX_MAILED + 2):
        answer = ask(visit(""), text=f"Buy pills at spam.example {n}", email="victim@resident.example")
        assert "spam.example" in words(answer)
    notices = Notice.objects.filter(to="victim@resident.example")
    assert notices.count() == MAX_MAILED
    assert not [n for n in notices if "spam.example" in n.text or "The status page has your words." not in n.text]


@pytest.mark.parametrize("law", ["wisconsin", "federal"], indirect=True)
def test_r7_each_law_pack_acknowledges_by_its_own_letter_and_clock(law: LawPack, visit: Any) -> None:
    answer = ask(visit(""), email="robin@resident.example")
    row = Request.objects.latest("id")
    assert (row.law, row.due) == (law.name, law.due("respond", local_day(row.received)))
    letter = law.letter("acknowledge")
    assert letter.id == Letter.objects.latest("id").kind and code_of(answer) in Notice.objects.latest("id").text


def test_numbers_have_no_gap(law: LawPack, visit: Any) -> None:
    before = Request.objects.count()
    for _ in range(3):
        ask(visit(""))
    numbers = sorted(Request.objects.values_list("number", flat=True))
    assert numbers == [f"PR-2026-{n:05}" for n in range(1, before + 4)]


def test_a_request_of_a_megabyte_in_twenty_languages_is_taken_whole(law: LawPack, visit: Any) -> None:
    text = LANGUAGES * 5_000
    text = text.encode()[: MAX_BYTES - 10].decode(errors="ignore").strip()
    assert ask(visit(""), text=text).status_code == 200
    assert Request.objects.latest("id").text.split() == text.split()
    assert ask(visit(""), text="x" * (MAX_BYTES + 1)).status_code == 422


def test_one_network_cannot_flood_the_desk(law: LawPack, visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_requests, "REQUESTS", RateLimit(2))
    client = visit("")
    assert [ask(client).status_code for _ in range(3)] == [200, 200, 409]


def test_what_a_resident_writes_on_the_status_page_reaches_the_desk(law: LawPack, visit: Any) -> None:
    answer = ask(visit(""))
    row, client = Request.objects.latest("id"), visit("")
    opened = client.post("/public/records/status/", {"code": code_of(answer)})
    assert client.post(opened.url, {"text": "Only March, please."}).status_code == 302
    assert row.replies.get().text == "Only March, please." and "Only March" in words(client.get(opened.url))


@pytest.mark.rule("P-21", "At the counter a request is entered orally or in writing, with a printed receipt.")
def test_r3_the_counter_enters_an_oral_request_and_prints_its_receipt(law: LawPack, visit: Callable[[str], Client]) -> None:
    clerk = visit("recorder")
    form = "/records/requests/new/"
    given = {"text": ASKED, "way": "oral", "delivery": "counter", "language": "es"}
    answer = clerk.post(form, given)
    row = Request.objects.latest("id")
    assert (row.oral, row.intake, row.entered.display) == (True, "counter", "Ada Quist")
    assert code_of(answer) and "cm-qr" in answer.content.decode() and "asked orally" in words(answer)
    assert Letter.objects.latest("id").language == "es"
    assert visit("crew0").get(form).status_code == 403
    assert clerk.post(form, {**given, "way": ""}).status_code == 422, "oral or written is always recorded"


def test_r9_the_public_notice_is_made_from_the_designations(law: LawPack, city: Any, visit: Any, settings: Any) -> None:
    """Custodian and deputies in the order of their designation, and the words of the law pack once place and hours are set."""
    designated = RoleAssignment.objects.in_force(city.now).filter(role="records-officer").order_by("starts", "id")
    custodian, deputy = (row.person.display for row in designated)
    page = words(visit("").get("/public/records/"))
    assert page.index(custodian) < page.index(deputy) and "as of" in page and "Legal custodian" not in page
    changed = replace(settings.CITY.city, records_place="Room 205, City Hall", records_hours="weekdays 8 to 4:45")
    settings.CITY = replace(settings.CITY, city=changed)
    page = words(visit("").get("/public/records/"))
    assert f"Legal custodian: {custodian}. Deputies: {deputy}." in page and "Room 205, City Hall; weekdays 8 to 4:45" in page
    assert "records@city.example" in page and "You need not say who you are or why you ask." in page
    designated.first().delete()
    assert f"Legal custodian: {deputy}. Deputies: none." in words(visit("").get("/public/records/"))
