"""An approver sees what became of earlier requests for a recipient, and what was answered today (P-22)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding import queries
from civicmail.desk.holding.models import ApprovalCopy
from desk.holding.leaving import ACME, DOT, OWL, PDF, Bureau
from desk.holding.test_approvals import actor, answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
LIST = "/holding/approvals/"
NEVER = "No files for this address were submitted before."


@pytest.mark.rule(
    "P-22", "An approver reads beside a decision what became of earlier requests for each recipient, of their departments only."
)
def test_earlier_requests_of_a_recipient_stand_beside_the_decision(files: Bureau, visit: Visit) -> None:
    answer(files, files.asked("crew0", ACME), "head")
    answer(files, files.asked("crew0", ACME, DOT, files={"b.pdf": PDF + b"b"}), "deputy", "refuse", reason="It is not final yet.")
    row = files.asked("crew0", "Ann@ACME.example", OWL, files={"c.pdf": PDF + b"c"})
    shown = words(visit("head").get(f"{LIST}{row.pk}/"))
    assert "2 messages with files in the last year: 1 approved, 1 denied. The last on " in shown
    assert f"First time {NEVER}" in shown
    assert f"{LIST}report/?to=Ann%40ACME.example" in visit("head").get(f"{LIST}{row.pk}/").content.decode()
    assert "1 of 2 for the first time" in words(visit("head").get(LIST))
    assert NEVER in queries.earlier_requests([ACME], actor(files, "chief"), files.desk.now)[ACME].sentence, "no other's"
    assert queries.earlier_requests([ACME], actor(files, "auditor"), files.desk.now)[ACME].count == 2


def test_what_is_older_than_a_year_is_told_by_its_last_day_only(files: Bureau, visit: Visit) -> None:
    answer(files, files.asked("crew0", ACME), "head")
    ApprovalCopy.objects.update(at=from_ms(files.desk.now) - timedelta(days=500))
    row = files.asked("crew0", ACME, files={"c.pdf": PDF + b"c"})
    assert "No files for this address in the last year; before that the last on " in words(visit("head").get(f"{LIST}{row.pk}/"))
    assert "None in the last year" in words(visit("head").get(LIST))


def test_a_recipient_is_looked_up_by_the_index(files: Bureau) -> None:
    head = actor(files, "head")
    with CaptureQueriesContext(connection) as caught:
        queries.earlier_requests([ACME, DOT], head, files.desk.now)
    assert len(caught) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {caught[0]['sql']}").fetchall()
        assert "copies_to_an_address" in str(plan)


@pytest.mark.rule("P-22", "The list of approvals shows what its readers answered today, with author, recipients and a link.")
def test_what_was_answered_today_stands_below_the_list(files: Bureau, visit: Visit) -> None:
    row = files.asked("crew0", ACME, DOT, files={"plan.pdf": PDF})
    answer(files, row, "head")
    other = files.asked("crew0", OWL, files={"b.pdf": PDF + b"b"})
    answer(files, other, "deputy", "refuse", reason="It is not final yet.")
    shown = words(visit("head").get(LIST))
    today = shown[shown.index("Answered today") :]
    assert today.index("b.pdf") < today.index("plan.pdf") and f"{ACME}, {DOT}" in today
    assert "by you" in today and "by Kim Boyd" in today and "Denied" in today and "Approved" in today
    assert f'href="{LIST}{row.pk}/"' in visit("head").get(LIST).content.decode()
    assert "Answered today" not in words(visit("chief").get(LIST)), "another department's"
    assert "plan.pdf" not in words(visit("auditor").get(LIST)), "an auditor reads no names"
    ApprovalCopy.objects.update(at=from_ms(files.desk.now) - timedelta(days=1, hours=12))
    assert "Answered today" not in words(visit("head").get(LIST))
