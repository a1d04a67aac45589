"""Mail that waits while its journal file is sealed and removed is delivered from the archive."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from mail.courier.conftest import Town


@pytest.fixture
def town(data: Path):
    town = Town(data)
    yield town
    town.close()


def seal(town: Town) -> None:
    """Close our journal and seal everything."""
    town.close()
    positions = outstanding_file.advance(town.data, town.now)
    with Sealer(town.data) as sealer:
        sealer.seal(lambda: positions, now=town.now)
    assert not [f for name in journal.names(town.data) for f in journal.log_files(journal.folder(town.data) / name)]


def test_what_waits_is_delivered_from_the_segment(town, next_hop):
    async def story():
        large = b"Message-ID: <2@x>\r\nSubject: large\r\n\r\n" + b"y" * 76 * 20_000 + b"\r\n"
        first, second = town.keep(), town.keep(text=large)
        async with town.courier():
            await asyncio.sleep(0.1)
        seal(town)
        hop = await next_hop()
        town.use(outbound=str(hop))
        third = town.keep("bob@city.example", text=b"Subject: 3\r\n\r\n")
        async with town.courier():
            await town.until(lambda: len(hop.messages) == 2 and town.mailbox("bob"))
            await town.until(lambda: not outstanding_file.current(town.data).entries)
        await hop.stop()
        assert {m.content[-20:] for m in hop.messages} == {town.kept[first][-20:], town.kept[second][-20:]}
        assert "delivered" in town.events(third)

    asyncio.run(story())


def test_a_courier_whose_records_were_sealed_before_it_read_them_starts_again_from_the_snapshot(town):
    rounds = DeliveryQueue(town.data, town.settings, town.clock)
    unread = town.keep("bob@city.example")
    ended = town.keep("ann@city.example", text=b"Subject: 2\r\n\r\n")
    town.writer.event(Event(Type.DELIVERED, ended, town.now, (0,), {"hop": "maildir", "reply": ""}))
    town.writer.flush()
    seal(town)
    new = town.keep("bob@city.example", text=b"Subject: 3\r\n\r\n")
    rounds.read_new_records()
    rounds.read_new_records()
    assert set(rounds.outstanding.entries) == {unread, new}


def test_a_courier_learns_of_sealed_records_though_nothing_is_written_to_their_journal_again(town):
    rounds = DeliveryQueue(town.data, town.settings, town.clock)
    unread = town.keep("bob@city.example")
    seal(town)
    rounds.read_new_records()
    assert set(rounds.outstanding.entries) == {unread}


def test_damage_in_a_journal_is_stepped_over_and_does_not_start_again_for_ever(town):
    rounds = DeliveryQueue(town.data, town.settings, town.clock)
    lost, found = town.keep("bob@city.example"), town.keep("ann@city.example", text=b"Subject: 2\r\n\r\n")
    (path,) = [f for _, f in journal.log_files(town.writer.journal.place)]
    content = bytearray(path.read_bytes())
    content[64 + 100] ^= 0xFF
    path.write_bytes(content)
    rounds.read_new_records()
    rounds.read_new_records()
    assert set(rounds.outstanding.entries) == {found} and lost not in rounds.outstanding.entries
