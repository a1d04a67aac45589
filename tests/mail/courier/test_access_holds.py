"""What is held for a mailbox is kept, listed, and released to whoever may read it (M4, L4; P-06, promise 1)."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from city.identity.people import T0 as THEN
from city.identity.people import city
from civicmail.city.snapshot.sender_alignment import check
from civicmail.core.message.model import Recipient
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.outstanding_file import advance, decode, encode
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.access_holds import held_for, release
from civicmail.mail.courier.rendering import as_sent
from mail.courier.conftest import TEXT, NextHop, Town

EVE = "eve@city.example"


def released(town: Town, to: str = "") -> int:
    """Whatever is held for Eve goes: to her, or to another; how many messages."""
    waiting = held_for(town.data, EVE)
    with closing(Writer(town.data, town.clock, file_size=SHORT_FILE)) as writer:
        for held in waiting:
            release(writer, held, to=to, actor="ann", reason="she is back", now=town.clock())
        writer.flush()
    return len(waiting)


def test_a_held_copy_waits_until_it_is_released_and_is_delivered_once(town: Town) -> None:
    async def run() -> None:
        held = town.keep(EVE, do="hold", rules=("access-held",))
        free = town.keep("bob@city.example", message_id="<2@x>")
        async with town.courier():
            await town.ends(free)
            assert town.mailbox("eve") == [] and town.events(held) == []
            assert [(h.entry.id, h.indices) for h in held_for(town.data, "Eve@city.example")] == [(held, (0,))]
            town.now += 1
            assert released(town) == 1
            await town.ends(held)
            assert released(town) == 0, "twice is harmless"
        assert len(town.mailbox("eve")) == 1
        assert town.facts(held, "released") == [{"actor": "ann", "reason": "she is back", "to": ""}]
        assert held_for(town.data, EVE) == []

    asyncio.run(run())


@pytest.mark.rule("P-06, L4", "A successor gets held mail, and the record names the mailbox.")
def test_a_successor_gets_what_was_held_and_the_record_says_into_which_mailbox_it_went(town: Town) -> None:
    async def run() -> None:
        held = town.keep(EVE, do="hold", rules=("access-held",))
        async with town.courier():
            assert released(town, to="bob@city.example") == 1
            await town.ends(held)
        assert town.mailbox("eve") == [] and len(town.mailbox("bob")) == 1
        (facts,) = town.facts(held, "delivered")
        assert facts["mailbox"] == "bob@city.example"
        assert as_sent([TEXT], facts) == town.mailbox("bob")[0]

    asyncio.run(run())


def test_a_successor_behind_another_server_gets_it_too(town: Town) -> None:
    async def run() -> None:
        hop = await NextHop(lmtp=True).start()
        town.use(local=str(hop))
        held = town.keep(EVE, do="hold", rules=("access-held",))
        async with town.courier():
            released(town, to="bob@city.example")
            await town.ends(held)
        assert [m.recipients for m in hop.messages] == [["bob@city.example"]]
        await hop.stop()

    asyncio.run(run())


@pytest.mark.rule("P-06", "Only mail held for lack of a reader is released when there is one.")
def test_what_is_held_for_another_reason_or_for_others_is_not_released(town: Town) -> None:
    approval = town.keep(EVE, do="hold", rules=("approval",))
    again = town.keep(EVE, do="hold", rules=("access-held",), message_id="<2@x>")
    town.keep("frank@city.example", do="hold", rules=("access-closed",), message_id="<3@x>")
    assert town.writer is not None
    town.writer.event(Event(Type.HELD, again, town.clock(), (0,), {"reason": "malware", "actor": "scanner"}))
    town.writer.flush()
    assert held_for(town.data, EVE) == [] and released(town) == 0
    assert town.events(approval) == [] and len(held_for(town.data, "frank@city.example")) == 1


def test_the_list_and_the_successor_survive_a_replay_and_a_snapshot(tmp_path: Path) -> None:
    """Projections are rebuilt from journals, in any order."""
    town = Town(tmp_path)
    (tmp_path / "outstanding").mkdir()
    kept = [town.keep(EVE, do="hold", rules=("access-held",), message_id=f"<{n}@x>") for n in range(3)]
    town.close()
    advance(tmp_path, town.clock())
    assert [h.entry.id for h in held_for(tmp_path, EVE)] == sorted(kept)
    writer = Writer(tmp_path, town.clock)
    writer.event(Event(Type.RELEASED, kept[0], town.now + 2, (0,), {"reason": "", "actor": "", "to": "bob@city.example"}))
    writer.event(Event(Type.RELEASED, kept[0], town.now + 3, (0,), {"reason": "operator: now", "actor": "op"}))
    writer.event(Event(Type.RELEASED, kept[1], town.now + 2, (0,), {"reason": "", "actor": "", "to": ""}))
    writer.event(Event(Type.RELEASED, kept[1], town.now + 1, (0,), {"reason": "", "actor": "", "to": "bob@city.example"}))
    writer.flush()
    writer.close()
    for state in (outstanding_file.current(tmp_path), decode(encode(outstanding_file.current(tmp_path)))):
        assert [state.entries[id_].copies[0].target for id_ in kept] == ["bob@city.example", EVE, EVE]
        assert [state.entries[id_].copies[0].is_waiting for id_ in kept] == [True, True, False]


def test_a_copy_goes_to_the_mailbox_behind_an_alias_and_the_envelope_keeps_what_was_said(town: Town) -> None:
    async def run() -> None:
        kept = town.keep(Recipient("a.mueller+x@city.example", box="ann@city.example"))
        async with town.courier():
            await town.ends(kept)
        assert len(town.mailbox("ann")) == 1 and town.mailbox("a.mueller+x") == []
        assert b"for <a.mueller+x@city.example>" in town.mailbox("ann")[0]
        assert town.facts(kept, "delivered")[0]["mailbox"] == "ann@city.example"

    asyncio.run(run())


@pytest.mark.rule(
    "P-14, P-23, promise 2",
    "A corrected sender field is in the outgoing copy and in its record, and the archive has the original.",
)
def test_a_corrected_sender_leaves_and_the_record_rebuilds_it_while_the_archive_keeps_what_came(town: Town) -> None:
    """P-14, promise 2."""
    text = b"Subject: x\r\nFrom: Queen <clerk@city.example>\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"
    header, snapshot = text[: text.index(b"\r\n\r\n") + 2], city()
    verdict = check(header, "ann@city.example", snapshot, person=snapshot.people["ann"], now=THEN)
    assert len(verdict.corrections) == 2

    async def run() -> None:
        kept = town.keep("bob@city.example", text=text, findings=verdict.findings)
        async with town.courier():
            await town.ends(kept)
        (there,), (facts,) = town.mailbox("bob"), town.facts(kept, "delivered")
        assert b"\nFrom: City Clerk <clerk@city.example>\n" in there and b"Queen" not in there
        assert b"\nSender: =?utf-8?b?QW5uIE3DvGxsZXI=?= <ann@city.example>\n" in there
        assert there.endswith(b"\nSubject: x\nMessage-ID: <1@x>\n\nhello\n")
        assert as_sent([text], facts) == there
        assert facts["sent"]["removed"] == [{"name": "from", "offset": 12, "length": 34}]

    asyncio.run(run())
