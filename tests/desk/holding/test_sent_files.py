"""The sender of files that wait reminds the approver, or sends the text without them (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.policy import active_rules
from civicmail.city.policy.active_rules import STARTER_FOLDER
from civicmail.desk.holding.actions import approval_decisions, remind_approvers
from civicmail.desk.holding.models import Approval
from civicmail.mail.archive import outstanding_file
from desk.holding.leaving import ACME, DOT, LENA, PDF, Bureau
from desk.holding.test_approvals import HOUR, STOP, actor, answer, states
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_partial_approval import sealed
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
TWO = {"bid-14.pdf": PDF, "costs.pdf": PDF + b"costs"}


def remind(files: Bureau, row: Approval, key: str = "crew0") -> list[str]:
    people = remind_approvers.remind_approvers(row, actor=actor(files, key), now=files.desk.now)
    return [str(person) for person in people]


def send_text(files: Bureau, row: Approval, key: str = "crew0") -> object:
    return approval_decisions.send_text(row, actor=actor(files, key), now=files.desk.now)


@pytest.mark.rule("P-22", "The sender reminds the current approver, by name and with an audit entry; nobody else may.")
def test_the_sender_reminds_whoever_decides_now(files: Bureau) -> None:
    row = files.asked("crew0", ACME)
    with pytest.raises(NotPermitted):
        remind(files, row, "crew1")
    assert remind(files, row) == ["Rosa Hale"]
    notice = Notice.objects.get(key__startswith="approval-reminder:")
    assert notice.to == "rosa.hale@city.example" and notice.subject == "Reminder: files wait for your approval"
    assert (
        notice.text.startswith("Dana Ortiz reminds you: files of the message of ")
        and f"/holding/approvals/{row.pk}/" in notice.text
    )
    assert "Kestrel" not in notice.text and "bid-14" not in notice.text, "a notice never quotes the message"
    entry = Entry.objects.get(act="approval.remind")
    assert (entry.object, entry.facts["to"]) == (f"approval:{row.pk}", ["p-head"])


@pytest.mark.rule("P-22", "Approvers of files get one reminder a working day, from the sender or from the system.")
def test_there_is_one_reminder_a_working_day(files: Bureau) -> None:
    """Monday's reminder is the only one of Monday; on Tuesday the worker reminds, so the sender does not."""
    row = files.asked("crew0", ACME)
    remind(files, row)
    with pytest.raises(Conflict, match="one reminder a working day"):
        remind(files, row)
    for _ in range(3):
        files.hear(8 * HOUR)
    row.refresh_from_db()
    assert Notice.objects.filter(key__startswith="approval-reminder:").count() == 2 and not remind_approvers.may_remind(
        row, files.desk.now
    )
    row.reminded = from_ms(files.desk.now) + timedelta(days=3)  # Friday, as it is Tuesday
    assert [remind_approvers.may_remind(row, files.desk.now + n * 24 * HOUR) for n in (3, 4, 5, 6)] == [False, False, False, True]


def test_what_waits_for_nobody_else_is_not_reminded_of(files: Bureau) -> None:
    own, done = files.asked("head", ACME), files.asked("crew0", ACME, files={"b.pdf": PDF + b"b"})
    answer(files, done, "head")
    for row, key in ((own, "head"), (done, "crew0")):
        with pytest.raises(Conflict, match="wait for no other person"):
            remind(files, row, key)


@pytest.mark.rule("P-22", "The sender sends the text of a message without its files; no file leaves, and the request is withdrawn.")
def test_the_text_leaves_without_the_files(files: Bureau) -> None:
    """To all who wait; what was approved before leaves whole."""
    row = files.asked("crew0", LENA, ACME, DOT, files=TWO)
    answer(files, row, "head", to=(2,))
    with pytest.raises(NotPermitted):
        send_text(files, row, "head")
    send_text(files, row)
    assert states(row) == {ACME: "withdrawn", DOT: "approved"} and files.copies(row) == {LENA: "goes", ACME: "goes", DOT: "goes"}
    copies = outstanding_file.current(files.data).entries[uuid.UUID(row.capture).bytes].copies
    assert (copies[1].apart.approved, len(copies[1].apart.stripped)) == ((), 2) and not copies[2].apart
    entry = Entry.objects.get(act="approval.send-text")
    assert (entry.facts["copies"], len(entry.facts["without"])) == ([1], 2)
    with pytest.raises(Conflict):
        send_text(files, row)
    assert files.send("crew0", ACME, files=TWO) is not None, "nothing was approved for them"


@pytest.mark.rule("P-22", "A text whose links need approval, or that cannot be separated from its files, does not leave alone.")
def test_a_text_that_cannot_leave_alone_waits(files: Bureau, visit: Visit) -> None:
    """A signed message: the page says why, and nothing changes."""
    row = sealed(files)
    with pytest.raises(Unusable, match="signed"):
        send_text(files, row)
    said = words(visit("crew0").get(f"/mail/{row.capture}/text/", follow=True))
    assert "This message is signed, or packed in a way that cannot be taken apart" in said
    row.parts = [["1", "link", 0, "0" * 64]]
    row.save()
    with pytest.raises(Unusable, match="links to shared files"):
        send_text(files, row)
    assert states(row) == {ACME: "waits"}


@pytest.mark.rule("P-22", "Another rule still holds a text that is sent without its files, and its sender is notified.")
def test_another_rule_still_holds_the_text(files: Bureau, installed: Path) -> None:
    row = files.asked("crew0", ACME, files=TWO)
    active_rules.publish(installed, f"{(STARTER_FOLDER / 'leaving.toml').read_text()}\n{STOP}")
    send_text(files, row)
    assert files.copies(row) == {ACME: "held"} and row.copies.get().kept == "no-acme"
    assert Notice.objects.get(key__startswith="approval-kept:").subject == "Text without its files held by another rule"


@pytest.mark.rule("P-06, P-22", "The page of a waiting message reminds its approver and sends its text; it says when it last did.")
def test_the_page_of_the_message_has_both(files: Bureau, visit: Visit, clock: Any) -> None:
    row = files.asked("crew0", ACME, files=TWO)
    clock.move_to(files.desk.now / 1000)
    client, page = visit("crew0"), f"/mail/{row.capture}/"
    shown = words(client.get(page))
    assert "Remind Rosa Hale" in shown and "Asked:" in shown and "Send the text without the files…" in shown
    done = client.post(f"{page}remind/", {"next": page}, follow=True)
    assert done.request["PATH_INFO"] == page and "The reminder is sent." in words(done)
    assert "Remind Rosa Hale" not in words(done) and "Reminded:" in words(done)
    assert "one reminder a working day" in words(client.post(f"{page}remind/", {"next": page}, follow=True))
    asked = words(client.get(f"{page}text/"))
    assert f"The text leaves now, to: {ACME}." in asked and "2 files stay here." in asked and "You cannot undo this." in asked
    sent = client.post(f"{page}text/", follow=True)
    assert sent.request["PATH_INFO"] == page and "The text is on its way, without the files." in words(sent)
    assert "Waits for" not in words(sent)
    assert "The text was sent without the files." in words(client.get(f"/holding/approvals/{row.pk}/"))
    assert visit("crew1").post(f"{page}remind/").status_code == 404 == visit("head").get(f"{page}text/").status_code


@pytest.mark.rule("P-22", "The list of one's own file approvals reminds the approver and leads to sending the text alone.")
def test_the_list_of_my_approvals_has_both(files: Bureau, visit: Visit, clock: Any) -> None:
    row = files.asked("crew0", ACME, files=TWO)
    clock.move_to(files.desk.now / 1000)
    client, here = visit("crew0"), "/holding/approvals/mine/"
    shown = client.get(here)
    assert "Remind the approver" in words(shown) and f'href="/mail/{row.capture}/text/"' in shown.content.decode()
    detail = words(client.get(f"/holding/approvals/{row.pk}/"))
    assert "Remind the approver" in detail and "Send the text without the files…" in detail
    done = client.post(f"/mail/{row.capture}/remind/", {"next": here}, follow=True)
    assert done.request["PATH_INFO"] == here and "The reminder is sent." in words(done)
    assert "Remind the approver" not in words(done) and "Send the text without the files…" in words(done)
    send_text(files, row)
    after = words(client.get(here))
    assert "text sent without the files" in after and "Send the text without the files…" not in after
    own = files.asked("head", ACME)
    assert own.own and "Remind the approver" not in words(visit("head").get(here)), "nobody else decides on these"
