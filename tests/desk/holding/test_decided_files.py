"""The sender reads what was decided about each recipient, and the history of the message (P-06, P-22)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding.actions import approval_decisions, remind_approvers
from civicmail.desk.holding.models import Approval, ApprovalCopy, Release
from civicmail.desk.holding.views import decided_files, sent_decisions
from desk.holding.leaving import ACME, DOT, LENA, OWL, PDF, Bureau
from desk.holding.test_approvals import actor, answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
TWO = {"bid-14.pdf": PDF, "costs.pdf": PDF + b"costs"}


def lines(files: Bureau, row: Approval, key: str = "crew0") -> list[str]:
    known = decided_files.history(actor(files, key), row.capture)
    return [line.text for line in sorted(known.lines, key=lambda line: line.at)]


@pytest.mark.rule("P-06, P-22", "The history of a message tells its sender who asked, reminded and decided, in sentences.")
def test_the_history_is_told_in_sentences(files: Bureau) -> None:
    """One recipient is approved, one denied, one withdrawn, and one gets the text."""
    row = files.asked("crew0", ACME, DOT, OWL, "x@paving.example", files=TWO)
    remind_approvers.remind_approvers(row, actor=actor(files, "crew0"), now=files.desk.now + 1000)
    files.desk.now += 2000
    answer(files, row, "head", to=(0,))
    files.desk.now += 1000
    answer(files, row, "head", "refuse", to=(1,), reason="The costs are not public yet.")
    files.desk.now += 1000
    approval_decisions.withdraw(row, (2,), actor=actor(files, "crew0"), now=files.desk.now)
    files.desk.now += 1000
    approval_decisions.send_text(row, actor=actor(files, "crew0"), now=files.desk.now)
    assert lines(files, row) == [
        "Approval of 2 files was requested.",
        "The approver was reminded.",
        f"Rosa Hale approved 2 files for {ACME}.",
        f"Rosa Hale denied 2 files for {DOT}.",
        f"You withdrew 2 files for {OWL}.",
        "You sent the text without the files to x@paving.example.",
    ]
    assert "The manager approved 2 files" in " ".join(lines(files, row, "crew1")), "colleagues of the mailbox read no name"
    copies = decided_files.history(actor(files, "crew0"), row.capture).copies
    assert [(c.text, c.without) for _, c in sorted(copies.items())] == [
        ("Approved by Rosa Hale", ""),
        ("Denied by Rosa Hale", ""),
        ("", ""),
        ("", "Sent without the files."),
    ]


def test_a_partial_approval_names_the_files_that_stay(files: Bureau) -> None:
    row = files.asked("crew0", ACME, files=TWO)
    approval_decisions.decide(row, (0,), "approve", actor=actor(files, "head"), reason="", now=files.desk.now, files=(1,))
    assert lines(files, row)[-1] == f"Rosa Hale approved 1 of 2 files for {ACME}."
    assert decided_files.history(actor(files, "crew0"), row.capture).copies[0].without == "Sent without costs.pdf."
    Approval.objects.update(names=[])
    assert decided_files.history(actor(files, "crew0"), row.capture).copies[0].without == "Sent without 1 file."


def test_time_that_ran_out_and_records_are_told(files: Bureau) -> None:
    row = files.asked("crew0", ACME, DOT, files=TWO)
    at = from_ms(files.desk.now + 5000)
    row.copies.filter(index=0).update(state="expired", at=at)
    row.copies.filter(index=1).update(state="records", at=at, by=files.town.people["head"])
    Approval.objects.update(step=1, since=from_ms(files.desk.now + 1000))
    assert lines(files, row)[1:] == [
        "The next approver was asked, because nobody had answered.",
        f"Nobody answered in time. {ACME} did not get it.",
        "Rosa Hale referred 2 files to the records office.",
    ]


def test_a_release_request_is_told_to_its_requester_alone(files: Bureau) -> None:
    row = files.asked("crew0", ACME)
    at = from_ms(files.desk.now)
    Release.objects.create(
        capture=row.capture, kind="other", rules="x", requester=files.town.people["crew0"], why="It is a bid.", made=at,
        state="refused", person=files.town.people["head"], answered=at + timedelta(minutes=1),
    )  # fmt: skip
    assert {"You requested release.", "Release was denied."} < set(lines(files, row))
    assert "release" not in " ".join(lines(files, row, "crew1")).lower()


@pytest.mark.rule("P-06, P-22", "The page of a message says why it waits: rule, clause, files, recipients, and the usual wait.")
def test_the_page_says_why_it_waits_and_what_happened(files: Bureau, visit: Visit, clock: Any) -> None:
    row = files.asked("crew0", ACME, LENA, files=TWO)
    clock.move_to(files.desk.now / 1000)
    client, page = visit("crew0"), f"/mail/{row.capture}/"
    shown = client.get(page)
    text = words(shown)
    assert "Why it waits Rule Files leave with the manager's approval" in text.replace("’", "'")
    assert "Applies to 2 files, 1 recipient" in text and "Usual wait" not in text
    assert re.search(r'<a class="cm-info" href="[^"]*/policy/text/#p-22">', shown.content.decode()), "the clause is behind an (i)"
    assert "(P-22)" not in words(shown).partition("Reference")[0].partition("Mail here")[0]
    assert "History" in text and "You sent it." in text and "Approval of 2 files was requested." in text
    answer(files, row, "head")
    done = words(client.get(page))
    assert "Why it waits" not in done and "Approved by Rosa Hale" in done and f"Rosa Hale approved 2 files for {ACME}." in done


def test_the_usual_wait_needs_three_answers_of_the_last_month(files: Bureau) -> None:
    row, now = files.asked("crew0", ACME), files.desk.now
    for n in range(sent_decisions.MIN_ANSWERS):
        assert sent_decisions._usual_wait(row, now) == ""
        made = from_ms(now) - timedelta(hours=3)
        other = Approval.objects.create(
            capture=f"00000000-0000-7000-8000-00000000000{n}", person=row.person, department=row.department, received=made,
            made=made, since=made, ends=made,
        )  # fmt: skip
        ApprovalCopy.objects.create(
            approval=other,
            index=0,
            address=DOT,
            state="approved",
            by=files.town.people["head"],
            at=made + timedelta(minutes=65 + n),
        )
    assert sent_decisions._usual_wait(row, now) == "1 h 06 min"
    assert sent_decisions._usual_wait(row, now + 40 * 24 * 3_600_000) == ""
