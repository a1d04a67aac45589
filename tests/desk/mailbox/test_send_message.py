"""What is given to be sent waits, may be taken back, and is sent once, as by SMTP (P-06, P-14, P-15)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from civicmail.city.guard import models as guard
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.identity import models as identity
from civicmail.core.message import message_parser
from civicmail.desk.mailbox.actions import send_message, send_queue
from civicmail.desk.mailbox.compose import Attachment, NamedAddress
from civicmail.desk.mailbox.models import Outgoing
from civicmail.desk.mailbox.views import delivery, outgoing
from desk.mailbox.writing import DANA, LENA, ROSA, STREETS, Office, office
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(installed: Path, city: Town) -> Iterator[Office]:
    with office(installed, city) as made:
        yield made


WRITTEN = send_message.MessageText(
    mailbox=DANA, to=[NamedAddress(LENA, "Lena Vogt")], subject="Lead lines", text="Please look at this."
)


def give(desk: Office, written: send_message.MessageText = WRITTEN, key: str = "") -> Outgoing:
    return send_message.send(written, actor=desk.actor("crew0"), reason="written", now=desk.now, key=key)


@pytest.mark.rule(
    "P-06, P-15",
    "A message from the pages waits twenty seconds and is then archived as its person's submission, with the sign-in.",
)
@pytest.mark.rule("promise 4", "A blind copy is in the envelope only: no copy mentions it.")
def test_it_waits_its_time_and_is_then_kept_as_that_person_s_submission(desk: Office) -> None:
    """Twenty seconds during which nothing is sent; then one capture, by evidence of who signed in."""
    row = give(desk, replace(WRITTEN, bcc=[NamedAddress(ROSA)], files=[Attachment("Plän für März.txt", b"lines")]))
    assert desk.work(after=send_message.UNDO_MS - 1) == 0
    assert desk.captures() == []
    assert desk.work(after=1) == 1
    ((capture, body),) = desk.captures()
    row.refresh_from_db()
    assert (row.state, row.capture, bytes(row.content)) == ("sent", capture.uuid, b"")
    assert (capture.source.kind, capture.envelope.sender, capture.envelope.login) == ("submission", DANA, "p-crew0/pages")
    assert [r.address for r in capture.envelope.recipients] == [LENA, ROSA]
    assert {d.do for d in capture.dispositions} == {"deliver"}
    message = message_parser.parse(body)
    assert [f for f in capture.findings if f.code.startswith("correct")] == [], "From is as the directory has it"
    assert (message.from_[0].display, message.to[0].addr, message.attachments[0].filename) == (
        "Dana Ortiz",
        LENA,
        "Plän für März.txt",
    )
    assert ROSA.encode() not in body, "a blind copy is in the envelope alone"
    assert message.message_id == f"{row.uid.hex}@city.example"
    assert desk.work(after=60_000) == 0


@pytest.mark.rule("P-06", "Screen readers announce the state of the copies of a sent message.")
def test_what_is_said_aloud_is_how_the_copies_stand() -> None:
    """WCAG 4.1.3: of a copy that is held nobody hears that it is on its way, and nothing says that a message was sent."""
    held = delivery.CopyRow(LENA, "held", "lock", "Held", datetime.now(UTC))
    gone = replace(held, state="delivered", role="done", word="Delivered")
    row = Outgoing(state="sent", capture=str(uuid.uuid4()))
    for copies, said in (([held], "Held"), ([gone], "The message to Lena is on its way.")):
        sent = delivery.SentState(copies, "lock", delivery._title(copies), False, "")
        shown = render_to_string("mailbox/going.html", {"note": outgoing.Note(row, "Lena", 0, sent, ""), "part": True})
        assert f'data-say="{said}"' in shown and "was sent" not in shown


@pytest.mark.parametrize(
    ("states", "title"),
    [
        (("held", "held"), "0 of 2 recipients have it. 2 are held."),
        (("held", "delivered", "waiting"), "1 of 3 recipients have it. 1 is held. 1 is on its way."),
        (("approval", "delivered"), "1 of 2 recipients have it. 1 waits for approval."),
        (("failed", "cancelled"), "0 of 2 recipients have it. 2 do not get it."),
        (("delivered", "delivered"), "Delivered to all 2 recipients"),
        (("deferred",), "word of deferred"),
    ],
)
def test_how_a_message_stands_counts_its_recipients(states: tuple[str, ...], title: str) -> None:
    """Above copies that all were held stood that the message was sent."""
    copies = [delivery.CopyRow(LENA, state, "wait", f"word of {state}", datetime.now(UTC)) for state in states]
    assert delivery._title(copies) == title


@pytest.mark.rule("P-15", "A written message is sent once, wherever the process that sends it died.")
def test_it_is_sent_once_wherever_a_process_died(desk: Office) -> None:
    """Died before the archive: taken up again; died between archive and row: the archive knows it."""
    row = give(desk)
    desk.now += send_message.UNDO_MS
    assert [r.pk for r in send_queue.take_due(10, now=desk.now)] == [row.pk]  # and died
    assert desk.work() == 1
    Outgoing.objects.filter(pk=row.pk).update(state="sending", content=_content(row), capture="")
    assert desk.work(after=5_000) == 1
    assert len(desk.captures()) == 1
    row.refresh_from_db()
    assert (row.state, row.capture) == ("sent", desk.captures()[0][0].uuid)


def _content(row: Outgoing) -> bytes:
    return bytes(row.content)


@pytest.mark.rule("P-06", "A message can be recalled while it waits, and not once the worker has taken it.")
def test_taken_back_it_is_not_sent_and_taken_up_it_is_not_taken_back(desk: Office) -> None:
    actor = desk.actor("crew0")
    row = give(desk)
    send_message.undo(row, actor=actor, reason="undo", now=desk.now)
    assert desk.work(after=60_000) == 0
    second = give(desk)
    with pytest.raises(NotPermitted):
        send_message.undo(second, actor=desk.actor("crew1"), reason="undo", now=desk.now)
    send_message.send_now(second, actor=actor, now=desk.now)
    assert desk.work() == 1
    for again in (row, second):
        with pytest.raises(Conflict):
            send_message.undo(again, actor=actor, reason="undo", now=desk.now)
        with pytest.raises(Conflict):
            send_message.send_now(again, actor=actor, now=desk.now)
    assert len(desk.captures()) == 1
    assert guard.Entry.objects.filter(act="mail.undo").count() == 1


@pytest.mark.rule("P-14", "From is a mailbox that is the writer's or granted; what is sent for another names its sender.")
def test_from_is_only_mine_or_granted_and_another_s_says_who_sent_it(desk: Office) -> None:
    """Sender names the person; nobody sends from what is not theirs."""
    for mailbox in (LENA, "nobody@city.example", "dana@outside.example"):
        with pytest.raises(NotPermitted):
            give(desk, replace(WRITTEN, mailbox=mailbox))
    give(desk, replace(WRITTEN, mailbox=STREETS))
    assert desk.work(after=send_message.UNDO_MS) == 1
    ((capture, body),) = desk.captures()
    message = message_parser.parse(body)
    assert (capture.envelope.sender, message.from_[0].display, message.from_[0].addr) == (STREETS, "Streets and Closures", STREETS)
    assert message.sender[0].addr == DANA
    assert [f for f in capture.findings if f.code.startswith("correct")] == []


@pytest.mark.rule(
    "P-04, P-08",
    "The authorization to send is checked again at sending; a rejected message is archived, and its draft has the reason.",
)
def test_who_lost_access_while_it_waited_sends_nothing_and_the_row_says_why(desk: Office) -> None:
    """Kept as evidence, delivered to nobody."""
    row = give(desk)
    identity.Authorization.objects.filter(person__uid="p-crew0").update(state="suspended")
    desk.publish()
    assert desk.work(after=send_message.UNDO_MS) == 1
    ((capture, _),) = desk.captures()
    assert {(d.do, d.rules) for d in capture.dispositions} == {("refuse", ("access-ended",))}
    row.refresh_from_db()
    assert (row.state, row.rule) == ("returned", "access-ended")
    assert row.why.startswith("550 5.7.1")
    with pytest.raises(NotPermitted):
        give(desk)


def test_the_same_key_is_the_same_message(desk: Office) -> None:
    first = give(desk, key="itip:1:accept")
    assert give(desk, key="itip:1:accept").pk == first.pk
    with pytest.raises(Unusable):
        give(desk, replace(WRITTEN, to=[]))


@pytest.mark.rule("P-06", "While authorizations are unknown, a message waits and is sent later.")
def test_what_cannot_be_told_now_waits_and_holds_up_nothing(desk: Office) -> None:
    """While nobody knows who may send, the message stays, and goes when it is known."""
    row = give(desk)
    at = desk.now
    desk.now += 16 * 60_000
    assert desk.work() == 1
    row.refresh_from_db()
    assert (row.state, row.tries) == ("sending", 1)
    assert desk.captures() == []
    assert desk.work() == 0, "it is tried again later"
    desk.now = at + 16 * 60_000 + send_queue.FIRST_RETRY_MS
    desk.publish()
    assert desk.work(after=250) == 1
    row.refresh_from_db()
    assert row.state == "sent"
    assert send_queue.delete_old(now=desk.now + 8 * 86_400_000) == 1
