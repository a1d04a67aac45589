"""The spectator sees what journals and index say, and nothing else."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.sample.mail_tracker import MailTracker
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan

NOON = 1_772_452_800_000


def _kept(data: Path) -> tuple[Writer, bytes]:
    writer = Writer(data, lambda: NOON)
    envelope = Envelope("a@home.example", (Recipient("b@city.example"), Recipient("c@city.example")), NOON)
    content = b"Subject: x\r\n\r\nbody\r\n"
    capture = capture_of(capture_id(NOON), scan(content), envelope, Source("mx"))
    writer.receipt(capture, content)
    writer.flush()
    return writer, capture.id


def test_a_capture_enters_once_it_is_durable_and_is_delivered_when_every_copy_is(data: Path) -> None:
    writer, id_ = _kept(data)
    stage = MailTracker(data)
    stage.update()
    act = stage.acts[id_]
    assert (act.sender, act.recipients, act.is_delivered, act.indexed) == (
        "a@home.example",
        ("b@city.example", "c@city.example"),
        False,
        0,
    )
    for to in (0, 1):
        writer.event(Event(Type.DELIVERED, id_, NOON + 40 + to, (to,), {"hop": "maildir"}))
    writer.flush()
    stage.update()
    assert act.is_delivered
    assert act.delivered == NOON + 41
    assert not stage.is_over, "it cannot be found yet"
    writer.close()


def test_a_delivery_that_is_read_before_its_receipt_counts_all_the_same(data: Path) -> None:
    """The courier's journal may have the earlier name."""
    courier = Writer(data, lambda: NOON)
    writer, id_ = _kept(data)
    courier.event(Event(Type.DELIVERED, id_, NOON + 40, (0, 1), {"hop": "maildir"}))
    courier.flush()
    stage = MailTracker(data)
    stage.update()
    assert stage.acts[id_].is_delivered
    for journal in (courier, writer):
        journal.close()


def test_without_an_index_there_is_no_answer(data: Path) -> None:
    assert MailTracker(data).ask("subject:x") is None
