"""What lists of approvals show of a message: subject, file names and findings, kept with the request (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.desk.holding import queries
from civicmail.desk.holding.actions.forget_names import NamesForgetter
from civicmail.desk.holding.approval_summary import summary_of
from civicmail.desk.holding.models import Approval
from desk.holding.leaving import ACME, DOT, OWL, PDF, Bureau
from desk.holding.test_approvals import answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
LIST, REPORT = "/holding/approvals/", "/holding/approvals/report/"
BOTH = {"bid-14.pdf": PDF, "costs.pdf": PDF + b"costs"}


def test_a_request_keeps_subject_names_and_what_was_found_in_the_files(files: Bureau) -> None:
    """What was found in the text is not about a file."""
    row = files.asked("crew0", ACME, files=BOTH)
    assert (row.subject, row.names) == ("Kestrel bid", ["bid-14.pdf", "costs.pdf"])
    path = row.parts[0][0]
    found = [
        {"check": "files", "code": "macros", "part": path},
        {"check": "confidential", "code": "ssn", "part": f"{path}/word/document.xml"},
        {"check": "confidential", "code": "card", "part": "1.1"},
        {"check": "dkim", "code": "pass", "part": path},
    ]
    parts = [tuple(part) for part in row.parts]
    made = summary_of(queries.held_copies(), row.capture, parts, found)
    assert made.findings == ((path, "files", "macros"), (f"{path}/word/document.xml", "confidential", "ssn"))
    assert summary_of(queries.held_copies(), str(uuid.uuid4()), parts, []).names == ()


@pytest.mark.rule(
    "P-16, P-22",
    "A list of approvals shows subject and file names, kept with the request, to the sender and to managers who may decide.",
)
def test_lists_name_files_to_sender_and_managers_and_to_nobody_else(files: Bureau, visit: Visit) -> None:
    row = files.asked("crew0", ACME, DOT, OWL, files=BOTH)
    Approval.objects.update(findings=[[row.parts[0][0], "files", "macros"]])
    for key, page in (("head", LIST), ("deputy", LIST), ("crew0", "/holding/approvals/mine/")):
        shown = words(visit(key).get(page))
        assert "bid-14.pdf + costs.pdf" in shown and "Kestrel bid" in shown, key
    assert "Macros" in words(visit("head").get(LIST))
    shown = words(visit("auditor").get(LIST))
    assert "2 files" in shown and ACME in shown and "bid-14" not in shown and "Kestrel" not in shown and "Macros" not in shown


def test_the_file_of_a_list_has_names_and_subject(files: Bureau, visit: Visit) -> None:
    row = files.asked("crew0", ACME, files=BOTH)
    answer(files, row, "head")
    for key, page in (("head", REPORT), ("crew0", "/holding/approvals/mine/")):
        lines = b"".join(visit(key).get(f"{page}?format=csv")).decode()
        assert "Subject" in lines.splitlines()[0] and "Kestrel bid" in lines and "bid-14.pdf" in lines, key
        assert ">Subject<" not in visit(key).get(page).content.decode()
    assert "Kestrel" not in b"".join(visit("auditor").get(f"{REPORT}?format=csv")).decode()


def test_a_deputy_reads_no_names_of_what_the_head_decides_alone(files: Bureau, visit: Visit) -> None:
    row = files.asked("head", ACME)
    assert row.own and "bid-14" in words(visit("head").get(LIST))
    assert "1 file" in (shown := words(visit("deputy").get(LIST))) and "bid-14" not in shown


@pytest.mark.rule("P-20, P-22", "Subject and file names of a request are removed with the message, of a pre-approval after a year.")
def test_names_go_with_the_message(files: Bureau) -> None:
    """What the archive has keeps them, however often the worker looks."""
    kept, gone = files.asked("crew0", ACME), files.asked("crew0", DOT)
    Approval.objects.filter(pk=gone.pk).update(capture=str(uuid.uuid4()))
    for made, draft in ((kept.made, uuid.uuid4()), (kept.made - timedelta(days=400), uuid.uuid4())):
        Approval.objects.create(
            person=kept.person, department=kept.department, received=made, made=made, since=made, ends=made, draft=draft,
            subject="Plan", names=["plan.pdf"],
        )  # fmt: skip
    forgetter = NamesForgetter()
    assert [forgetter.step(files.desk.now) for _ in range(2)] == [False, False]
    assert list(Approval.objects.order_by("pk").values_list("subject", flat=True)) == ["Kestrel bid", "", "Plan", ""]
    assert Approval.objects.get(pk=gone.pk).names == []


def test_more_rows_take_no_more_queries(files: Bureau, visit: Visit) -> None:
    client = visit("head")

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(LIST).status_code == 200
        return len(seen)

    files.asked("crew0", ACME, DOT)
    few = count()
    for n in range(5):
        files.asked("crew0", ACME, files={f"{n}.pdf": PDF + bytes([n])})
    assert count() <= few + 1
