"""What the sender of held mail reads: who decides, until when, and what can be withdrawn (P-02, P-06, P-22)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import from_ms
from civicmail.city.policy import rule_keys
from civicmail.desk.holding.models import AskedDepartment, Release
from civicmail.desk.holding.views import sent_decisions
from civicmail.desk.mailbox.pending_decisions import SentCopy
from civicmail.mail.search.tasks import IndexJob
from desk.holding.leaving import ACME, DOT, LENA, Bureau
from desk.holding.test_approvals import actor
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.mark.rule("P-06, P-22", "The sender reads for each recipient who decides and until when, and withdraws each there.")
def test_the_page_of_a_message_says_who_decides_and_takes_one_recipient_back(files: Bureau, visit: Visit, installed: Path) -> None:
    """Message, list and delivery name the approver; one copy is withdrawn, and the other still waits."""
    row = files.asked("crew0", ACME, DOT, LENA)
    with closing(IndexJob.take(installed, bulk=True)) as job:
        job.catch_up(files.desk.now)
    client, page = visit("crew0"), f"/mail/{row.capture}/"
    shown = client.get(page)
    text = words(shown)
    assert "1 of 3 recipients have it. 2 wait for approval." in text or "0 of 3 recipients have it. 2 wait for approval." in text
    assert text.count("Waits for Rosa Hale") == 2 and "Waiting for approval" in text and "Answer by:" in text
    assert "Waits for Rosa Hale" in words(client.get("/mail/?direction=sent&state=held"))
    assert "Waits for Rosa Hale" in words(client.get(f"{page}delivery/"))
    done = client.post(f"/holding/approvals/{row.pk}/", {"to": "1", "next": page}, follow=True)
    assert done.request["PATH_INFO"] == page and f"Withdrawn. {DOT} does not get it." in words(done)
    assert files.copies(row)[ACME] == "held" and words(done).count("Waits for Rosa Hale") == 1
    client.post(f"/holding/approvals/{row.pk}/", {"to": "1"})
    assert files.copies(row)[ACME] == "held", "what was withdrawn already takes nothing else back"


def test_colleagues_read_that_it_waits_and_do_not_withdraw(files: Bureau) -> None:
    """Another user of the mailbox sees the role."""
    row = files.asked("crew0", ACME)
    copy = SentCopy(row.capture, 0, (rule_keys.FILE_WAITS,))
    mine = sent_decisions.decisions(actor(files, "crew0"), [copy], files.desk.now)[copy]
    theirs = sent_decisions.decisions(actor(files, "crew1"), [copy], files.desk.now)[copy]
    assert (mine.who, mine.withdraw) == ("Rosa Hale", (f"/holding/approvals/{row.pk}/", "to", "0"))
    assert (theirs.who, theirs.withdraw, theirs.page) == ("the manager of Public Works", None, "")


@pytest.mark.parametrize(("rule", "who"), [("contained", "the security office"), ("nothing-of-that-name", "a security officer")])
def test_what_other_rules_hold_is_decided_by_an_officer(files: Bureau, rule: str, who: str) -> None:
    """On request, but for a contained account; a request can be withdrawn there."""
    me, copy = actor(files, "crew0"), SentCopy("0" * 8 + "-0000-7000-8000-" + "0" * 12, 0, (rule,))
    one = sent_decisions.decisions(me, [copy], files.desk.now)[copy]
    assert (one.who, one.is_requested, one.withdraw) == (who, rule == "contained", None)
    asked = Release.objects.create(
        capture=copy.capture, kind="other", rules=rule, requester=files.town.people["crew0"], why="It is a bid.",
        made=from_ms(files.desk.now),
    )  # fmt: skip
    again = sent_decisions.decisions(me, [copy], files.desk.now)[copy]
    assert again.withdraw == (None if rule == "contained" else (f"/mail/{copy.capture}/release/", "withdraw", str(asked.pk)))


def test_what_waits_for_a_mailbox_waits_for_nobody(files: Bureau) -> None:
    """It leaves by itself."""
    copy = SentCopy("0" * 8 + "-0000-7000-8000-" + "0" * 12, 0, (rule_keys.ACCESS_HELD,))
    assert sent_decisions.decisions(actor(files, "crew0"), [copy], files.desk.now) == {}


@pytest.mark.rule("P-22", "The approver of files is named before they are sent; a department without approval names nobody.")
def test_the_approver_is_named_before_files_are_sent(files: Bureau) -> None:
    """By the department of the mailbox, as the request will: its head; a head themselves; else who is notified."""

    def approver(key: str, mailbox: str = "dana.ortiz@city.example") -> str:
        return sent_decisions.file_approvers(actor(files, key), mailbox, files.desk.now)

    assert approver("crew0") == "Rosa Hale"
    assert approver("head") == "you"
    assert approver("crew0", "nobody@city.example") == ""
    Department.objects.update(head=None)
    assert approver("crew0") == "Kim Boyd"
    Department.deputies.through._default_manager.all().delete()
    assert approver("crew0") == "the access office, because nobody of your department can answer"
    AskedDepartment.objects.all().delete()
    assert approver("crew0") == ""
