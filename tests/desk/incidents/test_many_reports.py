"""A wave is reported by many at one moment: one case, one notice to each officer, and nobody's report is lost (P-31)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.city.directory.models import Address, Mailbox, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.models import Notice
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import case_answers, mail_reports, reporting
from civicmail.desk.incidents.actions.link_openings import record_opening
from civicmail.desk.incidents.models import Case, Report
from civicmail.mail.pipeline import user_reports
from civicmail.mail.pipeline.fingerprint_reader import fingerprint_of
from civicmail.mail.pipeline.fingerprints import Fingerprint, ReportContent
from desk.holding.test_quarantine import words
from desk.incidents.test_reporting import DANA, WHY, came, forward, heard, officer, phish
from pages.cases import index
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def crowd(t: Town, many: int) -> list[Person]:
    """People of Public Works with a mailbox each."""
    people = Person.objects.bulk_create(
        [Person(uid=f"w-{n}", given="Wave", family=f"No{n}", display=f"Wave No{n}") for n in range(many)]
    )
    works = t.departments["public-works"]
    boxes = Mailbox.objects.bulk_create(
        [
            Mailbox(address=f"wave{n}@city.example", name=p.display, kind="personal", department=works, holder=p, made=t.now)
            for n, p in enumerate(people)
        ]
    )
    Address.objects.bulk_create([Address(address=b.address, mailbox=b, person=b.holder, since=t.now) for b in boxes])
    return people


def test_a_thousand_reports_are_one_case_and_one_notice_to_each_officer(plain: Town, visit: Visit, installed: Path) -> None:
    """Each in words that differ a little; all are answered by one answer, and the page stays short."""
    now, people = epoch_ms(plain.now), crowd(plain, 1000)
    one = came(installed, now - 9000, DANA, raw=phish())
    marks = [fingerprint_of(phish(f"Colleague {n}", number=n)) for n in range(25)]
    for n, person in enumerate(people):
        reporting.report(one.uuid, marks[n % 25], person, "page", actor=officer(), now=now + n)
    case = Case.objects.get()
    assert case.reports.count() == 1000 and len({mark.text for mark in marks}) == 25
    officers = RoleAssignment.objects.filter(role="security-officer", ended__isnull=True).count()
    assert 1 <= Notice.objects.count() <= officers
    page = visit("security").get(f"/incidents/{case.pk}/")
    assert "thank the 1000 who reported" in words(page) and "980 more" in words(page) and len(page.content) < 200_000
    Notice.objects.all().delete()
    case_answers.answer(case, "right", actor=officer(), reason=WHY, now=now)
    assert Notice.objects.filter(subject__startswith="You were right").values("to").distinct().count() == 1000


def test_each_list_of_a_case_is_a_file_of_its_own(plain: Town, visit: Visit, installed: Path) -> None:
    """Who has it, and who opened its link: both leave the page as what they say they are."""
    one = came(installed, epoch_ms(plain.now) - 9000, DANA, raw=phish())
    reporting.report(one.uuid, fingerprint_of(phish()), plain.people["admin"], "page", actor=officer(), now=epoch_ms(plain.now))
    record_opening(str(one.uuid), 0, "a@city.example", "evil.example", is_confirmed=False, now=plain.now)
    page, client = f"/incidents/{Case.objects.get().pk}/", visit("security")
    shown = client.get(page).content.decode()
    for address, name in ((f"{page}?format=csv", "copies.csv"), (f"{page}?list=readers&amp;format=csv", "readers.csv")):
        assert f'href="{address}"' in shown
        assert name in client.get(address.replace("&amp;", "&"))["Content-Disposition"]


@pytest.mark.rule("P-31", "Many who report the same at one moment, in words that differ a little, begin one case.")
def test_who_reports_the_same_at_this_very_moment_begins_no_second_case(
    plain: Town, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's case, in nearly the same words, is there between the look and the beginning."""
    now, (first, second) = epoch_ms(plain.now), crowd(plain, 2)
    one = came(installed, now - 9000, DANA, raw=phish())
    look, calls = queries.case_like, list[int]()

    def slow(capture: str, marks: Fingerprint, since: Any, **more: Any) -> Case | None:
        found = look(capture, marks, since, **more)
        calls.append(1)
        if len(calls) == 1:
            reporting.report(one.uuid, fingerprint_of(phish("Pat", number=2)), second, "page", actor=officer(), now=now)
        return found

    monkeypatch.setattr(queries, "case_like", slow)
    reporting.report(one.uuid, fingerprint_of(phish()), first, "page", actor=officer(), now=now)
    assert Case.objects.get().reports.count() == 2 and len(calls) > 2


@pytest.mark.rule("P-31, promise 6", "An unreadable report is a case without its words, and delays no other.")
def test_a_report_that_trips_us_up_is_a_case_and_holds_up_no_other(
    plain: Town, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is too large to be read; over several transactions, each once."""
    now = epoch_ms(plain.now)
    monkeypatch.setattr(mail_reports, "BATCH_SIZE", 2)
    monkeypatch.setattr(user_reports, "BYTES", 5000)
    theirs = came(installed, now - 9000, DANA, raw=phish())
    sent: dict[str, Any] = {"kind": "submission", "login": "p-crew0/phone", "sender": DANA}
    bad = came(installed, now - 5000, "report@city.example", raw=forward(phish("Bad", number=9), "attached"), **sent)
    large = came(installed, now - 4000, "report@city.example", raw=forward(b"Subject: x\r\n\r\n" + b"x" * 6000, "attached"), **sent)
    good = came(installed, now - 3000, "report@city.example", raw=forward(phish(), "attached"), **sent)
    index(installed, now)
    read = queries.report_in

    def trips(id_: bytes) -> ReportContent | None:
        if id_ == bad.id:
            raise RecursionError
        return read(id_)

    monkeypatch.setattr(queries, "report_in", trips)
    heard(installed, now)
    heard(installed, now)
    found = {row.capture: row.case.known for row in Report.objects.all()}
    assert found == {bad.uuid: False, large.uuid: False, theirs.uuid: True} and good.uuid not in found


@pytest.mark.rule("P-31", "An answer reaches a thousand reporters in as many statements as a few.")
def test_everybody_is_told_by_as_many_statements_as_a_few(plain: Town, installed: Path) -> None:
    """An answer to a hundred people does not hold the database for a hundred times as long."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish())
    for person in crowd(plain, 40):
        case = reporting.report(one.uuid, fingerprint_of(phish()), person, "page", actor=officer(), now=now).case
    Notice.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        case_answers.answer(case, "right", actor=officer(), reason=WHY, now=now)
    assert Notice.objects.count() == 40
    assert len(asked) <= 40


def test_a_sender_with_a_letter_that_no_database_takes_is_a_case(plain: Town, installed: Path) -> None:
    """A NUL in an address is no text in PostgreSQL."""
    now = epoch_ms(plain.now)
    marks = fingerprint_of(b"From: <a\0b@desk.example>\r\nSubject: x\r\n\r\nhttp://pay.example/\r\n")
    row = reporting.report_from_outside("01a2150e-cece-7bb2-86d0-6e9539f71917", marks, now=now)
    assert row is not None and "\0" not in row.sender
