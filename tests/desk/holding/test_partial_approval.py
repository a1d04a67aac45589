"""A manager approves some of the files, for some of the recipients, and nothing else leaves (P-22)."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.desk.holding import partial_approval
from civicmail.desk.holding.actions import approval_decisions
from civicmail.desk.holding.models import Approval
from civicmail.desk.holding.views.approvals import deadline
from civicmail.desk.mailbox.submission import PageMessage
from civicmail.mail.archive import outstanding_file
from civicmail.mail.search.tasks import IndexJob
from desk.holding.leaving import ACME, DOT, LENA, PDF, Bureau, written
from desk.holding.test_approvals import WHY, actor, states
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_preapproval import drafted
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.programs import asking
from pages.world import carry

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
COSTS = PDF + b"costs"
BOTH = {"bid-14.pdf": PDF, "costs.pdf": COSTS}


def some(files: Bureau, row: Approval, to: tuple[int, ...], leave: tuple[int, ...]) -> Any:
    return approval_decisions.decide(row, to, "approve", actor=actor(files, "head"), reason=WHY, now=files.desk.now, files=leave)


def sealed(files: Bureau) -> Approval:
    """A message of two files that its sender has signed."""
    inner = message_from_bytes(written("dana.ortiz@city.example", (ACME,), BOTH, "Dana Ortiz"), policy=SMTP)
    head = [f"{name}: {inner[name]}" for name in ("From", "To", "Subject", "Message-ID")]
    for name in ("From", "To", "Subject", "Message-ID", "MIME-Version"):
        del inner[name]
    outer = [*head, "MIME-Version: 1.0", 'Content-Type: multipart/signed; protocol="x"; boundary=s', "", "--s", ""]
    whole = "\r\n".join(outer).encode() + inner.as_bytes()
    whole += b"\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n"
    person = files.town.people["crew0"]
    sent = files.desk.submission.send(PageMessage(uuid.uuid4(), person.uid, "dana.ortiz@city.example", (ACME,), whole))
    files.hear()
    return Approval.objects.get(capture=sent.capture)


@pytest.mark.rule("P-22", "A manager selects the files that leave, for the selected recipients; the entry lists both kinds.")
@pytest.mark.rule("P-22", "The sender is notified of how many files leave, and which do not.")
def test_one_file_leaves_for_one_recipient_and_the_other_file_for_nobody(files: Bureau) -> None:
    """What leaves with the copy stands in the archive's records, what was said of which file in the entry."""
    row = files.asked("crew0", LENA, ACME, DOT, files=BOTH)
    bid, costs = (part[3] for part in row.parts)
    some(files, row, (1,), (1,))
    assert files.copies(row) == {LENA: "goes", ACME: "goes", DOT: "held"}
    copies = outstanding_file.current(files.data).entries[uuid.UUID(row.capture).bytes].copies
    assert (copies[1].apart.approved, copies[1].apart.stripped) == (((row.parts[0][0], bid),), ((row.parts[1][0], costs),))
    assert not copies[0].apart and not copies[2].apart
    facts = Entry.objects.get(act="approval.approve").facts
    assert (facts["files"], facts["without"], facts["copies"]) == ([bid], [costs], [1])
    assert Notice.objects.get(key__startswith=f"approval:{row.pk}:approved").text.startswith(
        "Rosa Hale approved some of your 2 files. They are on their way; file 2 does not leave."
    )


@pytest.mark.rule("P-22", "An approval of some files covers no other when they are sent again.")
def test_an_approval_of_some_files_covers_no_other(files: Bureau) -> None:
    """Sent once more to the same recipient, the approved one goes without a question, and the other waits."""
    some(files, files.asked("crew0", ACME, files=BOTH), (0,), (1,))
    assert files.send("crew0", ACME, files={"again.pdf": PDF}) is None
    again = files.asked("crew0", ACME, files=BOTH)
    assert states(again) == {ACME: "waits"}
    some(files, again, (0,), (1, 2))
    assert again.copies.get().without == [] and files.send("crew0", ACME, files=BOTH) is None, "all of them is a whole yes"


@pytest.mark.rule("P-22", "Several files allow partial approval, and contradictory input is asked again; nothing is preselected.")
def test_with_several_files_there_is_one_answer_more_and_what_contradicts_itself_is_asked_again(
    files: Bureau, visit: Visit
) -> None:
    """Nothing is chosen beforehand; with one file there is no further question."""
    row = files.asked("crew0", LENA, ACME, DOT, files=BOTH)
    page, client = f"/holding/approvals/{row.pk}/", visit("head")
    shown = words(client.get(page))
    assert "Approve ticked files" in shown and "File 2: \u2068costs.pdf\u2069" in shown
    assert b'" checked' not in client.get(page).content
    said = [
        ({"answer": "some"}, "Tick the files that may leave."),
        ({"answer": "approve", "leave": ["1"]}, "Choose one of the two."),
        ({"answer": "some", "leave": ["9"]}, "Select a valid choice."),
    ]
    for more, why in said:
        refused = client.post(page, {"to": ["1"], **more})
        assert refused.status_code == 422 and why in words(refused), more
    assert set(states(row).values()) == {"waits"}
    done = client.post(page, {"to": ["1"], "answer": "some", "leave": ["2"]}, follow=True)
    assert "The files that you ticked are on their way" in words(done)
    assert "Approved of the files: 2. Not approved: 1." in words(done)
    assert files.copies(row) == {LENA: "goes", ACME: "goes", DOT: "held"}
    single = files.asked("crew0", ACME, files={"one.pdf": PDF + b"1"})
    assert "ticked files" not in words(client.get(f"/holding/approvals/{single.pk}/"))
    assert client.post(f"/holding/approvals/{single.pk}/", {"to": ["0"], "answer": "some"}).status_code == 422


@pytest.mark.rule("P-22", "If a message cannot be separated all files leave or none, on the page and in the verb.")
def test_of_a_signed_message_all_files_leave_or_none(files: Bureau, visit: Visit) -> None:
    """The page says so, and the verb knows it, too."""
    row = sealed(files)
    shown = words(visit("head").get(f"/holding/approvals/{row.pk}/"))
    assert len(row.parts) == 2 and "cannot be taken apart" in shown and "Only some" not in shown
    with pytest.raises(Unusable, match="cannot be taken apart"):
        some(files, row, (0,), (1,))
    assert files.copies(row) == {ACME: "held"}
    some(files, row, (0,), (1, 2))
    assert files.copies(row) == {ACME: "goes"}


def test_numbers_that_are_no_files_of_it_are_refused(files: Bureau) -> None:
    row = files.asked("crew0", ACME, files=BOTH)
    with pytest.raises(Unusable, match="not of this message"):
        some(files, row, (0,), (3,))
    row.parts.append(["1.1", "link", 0, "ab"])
    assert partial_approval.file_numbers(row) == [1, 2]
    with pytest.raises(Unusable, match="not of this message"):
        partial_approval.withheld_files(row, [3])
    assert partial_approval.withheld_files(row, [2]) == [row.parts[0][3]], "a link leaves with any yes"


@pytest.mark.rule("P-22, P-28", "Sender and report see for each recipient which files were approved.")
def test_the_sender_sees_for_each_recipient_which_files_left_and_so_does_the_report(files: Bureau, visit: Visit) -> None:
    """By name for whoever sent them and their manager, by SHA-256 for an auditor."""
    row = files.asked("crew0", ACME, DOT, files=BOTH)
    some(files, row, (0,), (2,))
    mine = words(visit("crew0").get(f"/holding/approvals/{row.pk}/"))
    assert "1. bid-14.pdf" in mine and "2. costs.pdf" in mine and "Approved of the files: 2. Not approved: 1." in mine
    content = b"".join(visit("auditor").get("/holding/approvals/report/?format=csv")).decode()  # type: ignore[call-overload]
    line = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))[1]
    bid, costs = (part[3][:12] for part in row.parts)
    assert line[5] == f"{costs}; not {bid}"
    listed = words(visit("head").get("/holding/approvals/")).partition("Answered today")[0]
    assert DOT in listed and ACME not in listed, "only who still waits"
    answered = words(visit("head").get("/holding/approvals/report/"))
    assert "costs.pdf; not bid-14.pdf" in answered, "by name for who may decide"


@pytest.mark.rule("P-22", "Programs name the files that leave by their numbers, and nothing is approved by half a word.")
def test_programs_name_files_by_their_numbers(files: Bureau) -> None:
    """As on the page, nothing is approved by half a word."""
    row = files.asked("crew0", ACME, DOT, files=BOTH)
    ask, place = asking(files.town.people["head"]), f"/approvals/{row.pk}/answer"
    for body in ({"answer": "some"}, {"answer": "approve", "leave": [1]}, {"answer": "some", "leave": [3]}):
        assert ask("POST", place, {"to": [0], **body}).status_code == 422, body
    done = ask("POST", place, {"to": [0], "answer": "some", "leave": [2]}).json()
    assert [(c["state"], c["without"]) for c in done["copies"]] == [("approved", [1]), ("waits", [])]
    (answer,) = ask("GET", "/approvals/answers").json()
    assert (answer["sha256"], answer["without"]) == ([row.parts[1][3]], [row.parts[0][3]])


@pytest.mark.rule("P-22", "A draft with a pre-approval shows its state in place of a second form.")
def test_of_files_that_were_put_up_some_are_approved_and_the_page_says_how_it_stands(files: Bureau, visit: Visit) -> None:
    """No second form for what is asked already."""
    draft = drafted(files, ACME)
    draft.files.create(name="costs.pdf", kind="pdf", size=len(COSTS), sha256="c0" * 32, content=COSTS)
    page = f"/holding/approvals/put-up/{draft.uid}/"
    assert visit("crew0").post(page, {"words": "They want it before the meeting."}).status_code == 302
    row = Approval.objects.get(draft=draft.uid)
    shown = visit("crew0").get(page)
    assert f'href="/holding/approvals/{row.pk}/"' in shown.content.decode() and "Pending" in words(shown)
    assert "What is it for?" not in words(shown)
    carry(files.town.now)
    done = visit("head").post(f"/holding/approvals/{row.pk}/", {"to": ["0"], "answer": "some", "leave": ["1"]})
    assert done.status_code == 302 and row.copies.get().without == ["c0" * 32]
    assert files.send("crew0", ACME) is None
    assert files.send("crew0", ACME, files=BOTH) is not None


@pytest.mark.rule("P-22", "An end at midnight is shown as the day that it ends.")
@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (datetime(2026, 3, 6), date(2026, 3, 5)),
        (datetime(2026, 3, 6, 0, 1), datetime(2026, 3, 6, 0, 1)),
    ],
)
def test_until_midnight_is_until_the_end_of_the_day_before(ends: datetime, said: date) -> None:
    here = timezone.get_current_timezone()
    shown = deadline(ends.replace(tzinfo=here).astimezone(UTC))
    assert shown == (said.replace(tzinfo=here) if isinstance(said, datetime) else said)


@pytest.mark.rule("P-22", "The sender of waiting files sees which message and which files they are, and how many of them leave.")
def test_whoever_sent_files_reads_which_and_how_many_of_them_leave(files: Bureau, visit: Visit) -> None:
    """Five messages to one address were five rows alike, and one of which half was approved stood as approved."""
    row = files.asked("crew0", ACME, files=BOTH)
    other = files.asked("crew0", LENA, ACME, files=BOTH)
    with closing(IndexJob.take(files.desk.data, bulk=True)) as job:
        job.catch_up(files.desk.now)
    some(files, row, (0,), (1,))
    client = visit("crew0")
    listed, one = words(client.get("/holding/approvals/mine/")), words(client.get(f"/holding/approvals/{row.pk}/"))
    assert "Kestrel bid" in listed and "1 of 2" in listed
    assert "Kestrel bid" in one and f"/mail/{row.capture}/" in client.get(f"/holding/approvals/{row.pk}/").content.decode()
    waits = words(client.get(f"/holding/approvals/{other.pk}/"))
    assert "bid-14.pdf" in waits and "PDF" in waits, "also while they wait"
    assert "Colleagues in the city have it already." in waits
    third = files.asked("crew0", ACME, files={"late.pdf": PDF + b"late"})
    assert "Colleagues" not in words(client.get(f"/holding/approvals/{third.pk}/")), "nobody in the city was written to"
    approval_decisions.decide(third, (0,), "refuse", actor=actor(files, "head"), reason=WHY, now=files.desk.now)
    assert "write a new one" in words(client.get(f"/holding/approvals/{third.pk}/"))
    assert "PDF" in words(visit("head").get(f"/holding/approvals/{other.pk}/")), "a kind has one word on all pages"
    assert "Some of your files were approved" in Notice.objects.values_list("subject", flat=True)
