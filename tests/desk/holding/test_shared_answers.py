"""One answer to several requests for approval: only to what was opened, each recorded by itself (P-22)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.models import Entry
from civicmail.core.config.errors import LaterError
from civicmail.desk.holding.actions import approval_decisions, shared_answers
from civicmail.desk.holding.models import Approval
from desk.holding.leaving import ACME, DOT, PDF, Bureau
from desk.holding.test_approvals import WHY, actor, answer, states
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
LIST, TOGETHER = "/holding/approvals/", "/holding/approvals/together/"


def ask_for(files: Bureau, count: int, key: str = "crew0") -> list[Approval]:
    return [files.asked(key, ACME, files={f"plan-{n}.pdf": PDF + bytes([n])}) for n in range(count)]


def open_pages(client: Client, *rows: Approval) -> None:
    for row in rows:
        assert client.get(f"{LIST}{row.pk}/").status_code == 200


def reasons(files: Bureau, decision: str, key: str = "head") -> list[str]:
    rows = Approval.objects.select_related("person", "department").order_by("pk")
    return [each.reason for each in shared_answers.sort_out(rows, decision, actor=actor(files, key), now=files.desk.now)[1]]


@pytest.mark.rule(
    "P-22",
    "Requests that an approver has opened get one answer together: each is decided and recorded by itself.",
)
def test_requests_that_were_opened_are_approved_together(files: Bureau, visit: Visit) -> None:
    rows, client = ask_for(files, 3), visit("head")
    open_pages(client, *rows[:2])
    listed = client.get(LIST).content.decode()
    assert listed.count('name="row"') == 3 and 'name="act" value="approve"' in listed
    given = {"act": "approve", "row": [row.pk for row in rows]}
    shown = client.get(TOGETHER, given)
    assert "takes effect at once, and cannot be undone" in words(shown)
    assert "Approve 2 messages?" in words(shown) and "You have not opened it yet." in words(shown)
    assert all(states(row) == {ACME: "waits"} for row in rows), "the page only asks"
    done = words(client.post(TOGETHER, given, follow=True))
    assert "2 messages approved." in done and "You have not opened it yet." in done
    assert [states(row) for row in rows] == [{ACME: "approved"}, {ACME: "approved"}, {ACME: "waits"}]
    assert [files.copies(row) for row in rows[:2]] == [{ACME: "goes"}] * 2
    entries = Entry.objects.filter(act="approval.approve")
    assert {entry.object for entry in entries} == {f"approval:{row.pk}" for row in rows[:2]} and len(entries) == 2


@pytest.mark.rule("P-22", "Findings, links to shared files, and own files each take an answer of their own.")
def test_what_needs_a_look_of_its_own_stays(files: Bureau, visit: Visit) -> None:
    rows = [*ask_for(files, 3), files.asked("head", DOT)]
    open_pages(visit("head"), *rows)
    Approval.objects.filter(pk=rows[0].pk).update(findings=[[rows[0].parts[0][0], "files", "macros"]])
    Approval.objects.filter(pk=rows[1].pk).update(parts=[*rows[1].parts, ["", "link", 0, "ab" * 32]])
    answer(files, rows[2], "deputy")
    assert reasons(files, "approve") == [
        "Screening found something in its files.",
        "It links to a shared file. Read where the link leads.",
        "It was answered already.",
        "Own files take a reason of their own.",
    ]
    assert len(reasons(files, "refuse")) == 2, "nothing leaves by a no"


def test_whoever_does_not_decide_answers_nothing(files: Bureau, visit: Visit) -> None:
    """Another's look does not count, nor does a list of others' messages."""
    (row,) = ask_for(files, 1)
    open_pages(visit("head"), row)
    assert reasons(files, "approve", "deputy") == ["You have not opened it yet."]
    assert "department" in reasons(files, "refuse", "crew1")[0]
    assert visit("crew1").get(TOGETHER, {"act": "refuse", "row": row.pk}).status_code == 403
    assert 'name="row"' not in visit("auditor").get(LIST).content.decode()
    assert visit("chief").post(TOGETHER, {"act": "refuse", "row": row.pk, "reason": WHY}).headers["Location"] == LIST
    assert states(row) == {ACME: "waits"}


@pytest.mark.rule("P-22", "One reason denies several requests, and each sender reads it.")
def test_one_reason_denies_several(files: Bureau, visit: Visit) -> None:
    rows, client = [*ask_for(files, 1), files.asked("crew1", DOT)], visit("head")
    given: dict[str, Any] = {"act": "refuse", "row": [row.pk for row in rows]}
    assert client.post(TOGETHER, {**given, "reason": "No."}).status_code == 422
    assert states(rows[0]) == {ACME: "waits"}
    assert "2 messages denied." in words(client.post(TOGETHER, {**given, "reason": WHY}, follow=True))
    assert [(copy.state, copy.reason) for row in rows for copy in row.copies.all()] == [("refused", WHY)] * 2


def test_one_that_fails_does_not_stop_the_others(files: Bureau, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, client = ask_for(files, 3), visit("head")
    decide = approval_decisions.decide

    def fail_once(row: Approval, *args: Any, **named: Any) -> Any:
        if row.pk == rows[1].pk:
            raise LaterError("The archive takes nothing at this moment.")
        return decide(row, *args, **named)

    monkeypatch.setattr(approval_decisions, "decide", fail_once)
    done = words(client.post(TOGETHER, {"act": "refuse", "row": [row.pk for row in rows], "reason": WHY}, follow=True))
    assert "2 messages denied." in done and "plan-1.pdf : The archive takes nothing at this moment." in done
    assert [states(row)[ACME] for row in rows] == ["refused", "waits", "refused"]


def test_nothing_is_decided_without_an_answer_or_by_a_contained_account(
    files: Bureau, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ask_for(files, 1)
    given: dict[str, Any] = {"actor": actor(files, "head"), "reason": WHY, "now": files.desk.now}
    with pytest.raises(Unusable):
        shared_answers.decide_together(rows, "records", **given)
    with pytest.raises(Unusable):
        shared_answers.decide_together(rows, "refuse", **{**given, "reason": ""})

    def contained(*_: object) -> None:
        raise Conflict("Its answers do not count.")

    monkeypatch.setattr(shared_answers.approvers, "require_not_contained", contained)
    with pytest.raises(Conflict):
        shared_answers.decide_together(rows, "refuse", **given)
    assert visit("head").get(TOGETHER, {"act": "forward", "row": rows[0].pk}).status_code == 302
    assert visit("head").get(TOGETHER, {"act": "refuse"}).status_code == 302


def test_more_requests_take_no_more_queries_to_ask_about(files: Bureau, visit: Visit) -> None:
    client = visit("head")

    def count(rows: list[Approval]) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(TOGETHER, {"act": "refuse", "row": [row.pk for row in rows]}).status_code == 200
        return len(seen)

    rows = ask_for(files, 6)
    count(rows[:1])
    assert count(rows) <= count(rows[:1]) + 1
