"""The index of states: each record's status by day of receipt, complete from where it says, and bounded (P-17, promise 8)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.status_index import KEEP_MS, StatusConsumer, StatusIndex, folder
from mail.archive.making import NOW, capture, delivered, seal, writer

DAY = 86_400_000


def records(data: Path, positions: dict[str, int]) -> Iterator[Record]:
    tail = Tail(data, positions, bodies=False)
    while found := tail.poll():
        yield from found
    positions.update(tail.positions)


def hear(data: Path, now: int = NOW) -> None:
    """One round of the job."""
    consumer = StatusConsumer(data, now)
    for record in records(data, consumer.positions):
        consumer.hear(record)
    consumer.write(now)


def keep(data: Path, *made: Capture, events: tuple[Event, ...] = ()) -> None:
    w = writer(data)
    for one in made:
        w.receipt(one, b"x")
    for event in events:
        w.event(event)
    w.flush()
    w.close()


def refused(at: int) -> Capture:
    return replace(capture(b"x", received=at), dispositions=(Disposition(0, "refuse"),))


def test_ids_come_by_status_newest_first_and_only_of_the_time(tmp_path: Path) -> None:
    old, new, sent = refused(NOW - DAY), refused(NOW), capture(b"x", received=NOW - 5)
    keep(tmp_path, old, new, sent, events=(delivered(sent),))
    hear(tmp_path)
    index = StatusIndex(tmp_path)
    assert list(index.ids("refused", 0, NOW)) == [new.id, old.id]
    assert list(index.ids("refused", 0, NOW, before=new.id)) == [old.id]
    assert list(index.ids("refused", NOW - 1, NOW)) == [new.id]
    assert list(index.ids("delivered", 0, NOW)) == [sent.id]
    assert not list(index.ids("failed", 0, NOW))


def test_a_copy_that_is_decided_again_or_removed_is_found_by_its_new_state(tmp_path: Path) -> None:
    first, second = capture(b"x"), capture(b"x", received=NOW - 1)
    pulled = Event(Type.PULLED, second.id, NOW, (0,), {"mailbox": "b@city.example", "delivered": NOW, "pull": 1, "lying": []})
    decided = Event(Type.DECIDED, first.id, NOW, (0,), {"do": "refuse", "rules": []})
    keep(tmp_path, first, second, events=(decided, pulled))
    hear(tmp_path)
    index = StatusIndex(tmp_path)
    assert list(index.ids("refused", 0, NOW)) == [first.id] and list(index.ids("held", 0, NOW)) == [second.id]


def test_it_says_from_when_on_it_is_complete(tmp_path: Path) -> None:
    """From the beginning where it was there from the beginning; else from its first run; not at all while its job stands still."""
    assert StatusIndex(tmp_path).complete_since(NOW) == NOW
    keep(tmp_path, refused(NOW))
    hear(tmp_path)
    assert StatusIndex(tmp_path).complete_since(NOW) == NOW - KEEP_MS
    keep(tmp_path, refused(NOW + 1))
    os.utime(folder(tmp_path) / "positions.json", (0, 0))
    assert StatusIndex(tmp_path).complete_since(NOW) == NOW, "behind for too long"
    hear(tmp_path)
    assert StatusIndex(tmp_path).complete_since(NOW) == NOW - KEEP_MS


def test_an_index_that_begins_after_mail_was_sealed_is_complete_from_then_on(tmp_path: Path) -> None:
    keep(tmp_path, refused(NOW))
    seal(tmp_path)
    hear(tmp_path, NOW + 7)
    assert StatusIndex(tmp_path).complete_since(NOW + 9) == NOW + 7


def test_old_days_go_and_a_torn_end_is_the_id_of_nothing(tmp_path: Path) -> None:
    keep(tmp_path, refused(NOW), refused(NOW - KEEP_MS - DAY))
    hear(tmp_path)
    (day,) = folder(tmp_path).glob("*.refused")
    day.write_bytes(day.read_bytes() + b"torn")
    late = refused(NOW + 1)
    keep(tmp_path, late)
    hear(tmp_path)
    assert late.id in set(StatusIndex(tmp_path).ids("refused", 0, NOW + 1)) and day.stat().st_size == 48
    hear(tmp_path, NOW + KEEP_MS + 2 * DAY)
    assert not list(folder(tmp_path).glob("*.refused"))


@pytest.mark.parametrize("named", [0, 2])
def test_what_was_only_archived_is_found_as_such(tmp_path: Path, named: int) -> None:
    """Imports have no disposition; some recipients of others have none."""
    one = capture(b"x")
    people = one.envelope.recipients * named
    made = replace(one, envelope=replace(one.envelope, recipients=people), dispositions=one.dispositions[: named // 2])
    keep(tmp_path, made)
    hear(tmp_path)
    assert list(StatusIndex(tmp_path).ids("kept", 0, NOW)) == [made.id]
