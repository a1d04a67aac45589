"""Approvals as their people use them: who is elected, who comes too late, what is kept all the same, and what a neighbour hands in
(P-22)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.city.conduct.queries import tasks
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.policy.approvals import OutboundFile, Sender
from civicmail.core.config.errors import LaterError
from civicmail.desk.holding import approvers
from civicmail.desk.holding import tasks as approvals
from civicmail.desk.holding.actions import approval_decisions, approval_execution, approval_requests, publish_approvals
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.mail.archive import holds
from civicmail.mail.archive.store import Store
from desk.holding.leaving import ACME, DOT, PDF, Bureau
from desk.holding.test_approvals import HOUR, STOP, WHY, actor, answer, states
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.mark.rule(
    "P-22",
    "An elected official without a department answers about own files on the page, and each link in their notices works.",
)
def test_who_was_elected_and_leads_nothing_answers_on_the_page_about_own_files(files: Bureau, city: Town, visit: Visit) -> None:
    """Every link that they are given opens."""
    Episode.objects.filter(person=city.people["crew0"]).update(kind="elected")
    row = files.asked("crew0", ACME)
    told = Notice.objects.get(key__startswith="approval-waits:")
    assert (told.to, told.text.rsplit("/", 4)[-4:]) == ("dana.ortiz@city.example", ["holding", "approvals", "mine", ""])
    mine = [t for g in tasks.of(actor(files, "crew0"), files.desk.now) for t in g.tasks if t.label == "Say whether files may leave"]
    assert [t.route for t in mine] == ["my-approvals"]
    client, page = visit("crew0"), f"/holding/approvals/{row.pk}/"
    assert page in client.get("/holding/approvals/mine/").content.decode()
    shown = client.get(page)
    assert shown.status_code == 200 and "bid-14.pdf" in words(shown)
    assert client.post(f"{page}file/1/").content == PDF
    done = client.post(page, {"to": ["0"], "answer": "approve", "reason": WHY}, follow=True)
    assert (done.status_code, files.copies(row)) == (200, {ACME: "goes"})


@pytest.mark.rule(
    "P-22",
    "Files of a person without a superior are decided by that person only; deputies and heads above see the state.",
)
@pytest.mark.parametrize("key", ["deputy", "chief"])
def test_nobody_else_answers_about_files_of_ones_own(files: Bureau, city: Town, visit: Visit, key: str) -> None:
    """Neither a deputy nor who is above; and nobody has a task of it. How it stands they see."""
    top = Department.objects.create(code="manager", name="City Manager", head=city.people["chief"])
    Department.objects.filter(code="public-works").update(parent=top)
    row = files.asked("head", ACME)
    with pytest.raises(NotPermitted, match="The sender of these files"):
        answer(files, row, key)
    assert (approvals.count_pending(actor(files, key)), approvals.count_pending(actor(files, "head"))) == (0, 1)
    shown = visit(key).get(f"/holding/approvals/{row.pk}/")
    assert shown.status_code == 200 and "Your decision" not in words(shown) and "bid-14" not in words(shown)


@pytest.mark.rule("P-22, promise 7", "An approver sees immediately if another rule still holds the files.")
def test_the_page_says_when_something_else_keeps_what_was_approved(files: Bureau, installed: Path, visit: Visit) -> None:
    """Whoever approves is not told that it is on its way."""
    from civicmail.city.policy import active_rules
    from civicmail.city.policy.active_rules import STARTER_FOLDER

    row = files.asked("crew0", ACME)
    active_rules.publish(installed, "\n".join(p.read_text() for p in sorted(STARTER_FOLDER.glob("leaving.toml"))) + "\n" + STOP)
    done = visit("head").post(f"/holding/approvals/{row.pk}/", {"to": ["0"], "answer": "approve"}, follow=True)
    assert "Something else still keeps it: no-acme" in words(done)
    assert "on their way" not in words(done)


@pytest.mark.rule("P-22, promise 7", "The sender is notified if another rule holds the approved files.")
def test_the_sender_hears_when_something_else_keeps_what_was_approved(files: Bureau, installed: Path) -> None:
    """They had heard that it is on its way; the page that they are led to says which rule."""
    from civicmail.city.policy import active_rules
    from civicmail.city.policy.active_rules import STARTER_FOLDER

    row, other = files.asked("crew0", ACME, DOT), files.asked("crew1", DOT)
    active_rules.publish(installed, "\n".join(p.read_text() for p in sorted(STARTER_FOLDER.glob("leaving.toml"))) + "\n" + STOP)
    answer(files, row, "head")
    answer(files, other, "head")
    told = Notice.objects.get(key__startswith="approval-kept:")
    assert told.to == "dana.ortiz@city.example" and f"/mail/{row.capture}/delivery/" in told.text
    assert ACME in told.text and DOT not in told.text


@pytest.mark.rule(
    "P-22, promise 1",
    "An answer that cannot be carried out immediately is recorded, reports that, and is carried out by the worker.",
)
def test_an_answer_that_cannot_be_carried_out_yet_is_recorded_and_says_so(
    files: Bureau, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker does it in its next round."""

    def later(*_: object) -> None:
        raise LaterError("The archive takes nothing at this moment.")

    row = files.asked("crew0", ACME)
    with monkeypatch.context() as m:
        m.setattr(approval_execution, "_release", later)
        done = visit("head").post(f"/holding/approvals/{row.pk}/", {"to": ["0"], "answer": "approve"}, follow=True)
    assert done.status_code == 200 and "tried again every minute" in words(done)
    assert (states(row), files.copies(row)) == ({ACME: "approved"}, {ACME: "held"})
    assert approval_execution.execute_pending(files.desk.now) == 1 and files.copies(row) == {ACME: "goes"}


@pytest.mark.rule("P-22", "Requests within an hour that had its notice are announced when that hour is over.")
def test_what_is_asked_in_an_hour_that_had_its_letter_is_told_when_the_hour_is_over(files: Bureau) -> None:
    """At most one letter an hour, and none of them forgotten until the next day."""
    row, told = files.asked("crew0", ACME), Notice.objects.filter(key__startswith="approval-waits:")
    answer(files, row, "head")
    files.hear(10 * 60_000)
    files.asked("crew0", DOT, files={"c.pdf": PDF + b"c"})
    files.hear(10 * 60_000)
    assert told.count() == 1
    files.hear(45 * 60_000)
    files.hear(60_000)
    assert [n.to for n in told] == ["rosa.hale@city.example"] * 2


@pytest.mark.rule("P-21, P-22", "An answer about files that comes too late causes no hold.")
def test_nothing_is_put_on_hold_for_an_answer_that_comes_too_late(files: Bureau, installed: Path) -> None:
    """The deputy says that it answers a request, a moment after the head has let it go."""
    row = files.asked("crew0", ACME)
    answer(files, row, "head")
    with pytest.raises(Conflict, match="Rosa Hale"):
        answer(files, row, "deputy", "records", to=(0,), reason="Request PR-14 asks for it.")
    assert not holds.in_force(Store(installed)) and not Entry.objects.filter(act="hold.placed").exists()


@pytest.mark.rule("P-22", "A sample of a head's own files is reviewed by the next head, if there is one, and never by a deputy.")
def test_no_deputy_looks_after_the_head(files: Bureau, city: Town, visit: Visit) -> None:
    """A sample is for the next head, where there is one."""
    top = Department.objects.create(code="manager", name="City Manager", head=city.people["chief"])
    Department.objects.filter(code="public-works").update(parent=top)
    row = files.asked("head", ACME)
    answer(files, row, "head")
    Approval.objects.filter(pk=row.pk).update(sampled=True)
    row.refresh_from_db()
    assert not approvals.samples_for(actor(files, "deputy")).exists()
    assert list(approvals.samples_for(actor(files, "chief"))) == [row]
    with pytest.raises(NotPermitted):
        approval_decisions.record_sample_review(
            row, actor=actor(files, "deputy"), reason="I have looked at it.", now=files.desk.now
        )
    page = f"/holding/approvals/{row.pk}/look/"
    assert [visit(key).get(page).status_code for key in ("deputy", "chief")] == [403, 200]


@pytest.mark.rule("P-21, P-22", "The link sent to the records office shows the state, and no file.")
def test_the_records_office_opens_the_link_that_it_is_sent(files: Bureau, visit: Visit) -> None:
    """How it stands, and no file; nothing of what answers no request."""
    row, other = files.asked("crew0", ACME), files.asked("crew1", ACME)
    answer(files, row, "head", "records", reason="Request PR-14 asks for it.")
    told = Notice.objects.filter(key__startswith=f"approval-records:{row.pk}").first()
    assert told is not None and f"/holding/approvals/{row.pk}/" in told.text
    shown = visit("recorder").get(f"/holding/approvals/{row.pk}/")
    assert shown.status_code == 200 and "Referred" in words(shown) and "bid-14" not in words(shown)
    assert visit("recorder").get(f"/holding/approvals/{other.pk}/").status_code == 403


@pytest.mark.rule("P-22", "All waiting files are checked for turns and ends, each department once, however many there are.")
def test_however_much_waits_all_of_it_is_looked_at(files: Bureau, city: Town) -> None:
    """The newest of three hundred is passed on in time, and each department is asked about once."""
    at = from_ms(files.desk.now + HOUR)
    rows = Approval.objects.bulk_create(
        Approval(
            capture=str(uuid.uuid4()), person=city.people["crew1"], department=city.departments["public-works"], received=at,
            made=at, since=at, ends=approval_requests.expires_at(files.desk.now),
        )
        for _ in range(300)
    )  # fmt: skip
    ApprovalCopy.objects.bulk_create(ApprovalCopy(approval=row, index=0, address=ACME) for row in rows)
    last = files.asked("crew0", ACME)
    with CaptureQueriesContext(connection) as asked:
        approval_requests.sweep(files.desk.now + 2 * HOUR)
    last.refresh_from_db()
    assert last.step == 1 and len(asked) < 100
    assert not Approval.objects.filter(pk__in=[row.pk for row in rows], step__gt=0).exists()


@pytest.mark.rule("P-22", "A person who answers about files a moment too late is told so.")
def test_whoever_answers_a_moment_too_late_reads_so(files: Bureau, visit: Visit) -> None:
    """For one recipient, and for all of them."""
    row = files.asked("crew0", ACME, DOT)
    page = f"/holding/approvals/{row.pk}/"
    answer(files, row, "deputy", to=(0,))
    late = visit("head").post(page, {"to": ["0"], "answer": "refuse", "reason": WHY})
    assert late.status_code == 422 and "Somebody has answered for one of these recipients meanwhile" in words(late)
    answer(files, row, "deputy", to=(1,))
    late = visit("head").post(page, {"to": ["1"], "answer": "refuse", "reason": WHY})
    assert "yours was not recorded" in words(late) and "by Kim Boyd" in words(late)
    assert states(row) == {ACME: "approved", DOT: "approved"}


@pytest.mark.rule("P-22", "Files from an office's mailbox with an unknown sender are decided by the head of its department.")
def test_of_an_offices_mailbox_without_a_sender_the_head_is_asked(files: Bureau, visit: Visit) -> None:
    """A neighbouring system hands it in and does not say who used the mailbox; with nobody to ask the log says so."""
    now, capture = files.desk.now, files.asked("crew0", ACME).capture
    Approval.objects.all().delete()
    seen = approval_requests.PendingFiles(
        capture, "streets@city.example", "public-works", now, (("1.2", "file", 9, "ab" * 32),), ((0, ACME),)
    )
    row = approval_requests.request_approval(seen, now=now)
    assert row is not None and [p.uid for p in approvers.current_approvers(row, now)] == ["p-head"]
    with pytest.raises(NotPermitted):
        answer(files, row, "deputy")
    shown = words(visit("head").get(f"/holding/approvals/{row.pk}/"))
    assert "Sent from streets@city.example" in shown and "You answer for that mailbox" in shown
    answer(files, row, "head")
    file, sent = OutboundFile("1.2", "file", "x.pdf", 9, "ab" * 32), Sender("public-works", "", "streets@city.example")
    assert publish_approvals.in_force(now).covering([file], sent, ACME, now)
    assert not publish_approvals.in_force(now).covering([file], sent, DOT, now)
    assert approval_requests.request_approval(replace(seen, capture=str(uuid.uuid4()), department="nowhere"), now=now) is None


@pytest.mark.rule(
    "P-22",
    "All files are approved for all recipients by one button, and the next message opens; every other answer is folded, and "
    "nothing of it is ticked.",
)
def test_one_button_approves_everything_and_the_next_one_opens(files: Bureau, visit: Visit) -> None:
    """What the button sends is what the page shows: each recipient, and the answer."""
    row, other = files.asked("crew0", ACME, DOT), files.asked("crew1", DOT)
    head = visit("head")
    shown = head.get(f"/holding/approvals/{row.pk}/").content.decode()
    button = re.search(r'<form class="cm-go".*?</form>', shown, re.DOTALL)
    assert button is not None and 'name="answer" value="approve"' in button[0] and "Approve 1 file</button>" in button[0]
    assert "Approve 1 file for 2 recipients?" in shown and "Kestrel bid" in shown
    assert "checked" not in shown and '<details class="cm-above"><summary>Deny, or another answer' in shown
    assert f'<a href="/holding/approvals/{other.pk}/">bid-14.pdf from' in shown
    sent = {"to": re.findall(r'name="to" value="(\d+)"', button[0]), "answer": "approve"}
    done = head.post(f"/holding/approvals/{row.pk}/", sent, follow=True)
    assert files.copies(row) == {ACME: "goes", DOT: "goes"}
    assert done.request["PATH_INFO"] == f"/holding/approvals/{other.pk}/", "the next one opens by itself"
    assert f'<a href="/holding/approvals/{row.pk}/">Show bid-14.pdf</a>' in done.content.decode()
    sent = {"to": ["0"], "answer": "refuse", "reason": WHY}
    assert head.post(f"/holding/approvals/{other.pk}/", sent)["Location"] == "/holding/approvals/", "nothing else waits"
