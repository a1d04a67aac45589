"""What an installation that was lost took in may have been handed over: whoever takes its place says so (P-23, promise 1)."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from civicmail.core.disk.frames import NO_ID
from civicmail.mail.archive import outstanding_file, replay
from civicmail.mail.archive.outstanding import report_key
from civicmail.mail.archive.records import Event, Type
from mail.courier.conftest import Town


def restore(town: Town) -> None:
    """The entry that `civicmail restore` writes."""
    assert town.writer is not None
    until = {town.writer.journal.name: town.writer.journal.number}
    town.writer.event(Event(Type.ENTRY, NO_ID, town.now, facts={"act": "restore", "epoch": 2, "until": until}))
    town.writer.flush()


@pytest.mark.rule("P-06, P-23, promise 1", "An attempt with mail of a lost installation is marked as a possible repetition.")
def test_what_a_lost_installation_may_have_delivered_says_redelivered(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        old = town.keep()
        restore(town)
        new = town.keep(text=b"Message-ID: <2@city.example>\r\nSubject: later\r\n\r\nnew\r\n", message_id="<2@city.example>")
        async with town.courier():
            await town.ends(old, new)
        await hop.stop()
        (first,), (second,) = town.facts(old, "attempt"), town.facts(new, "attempt")
        assert first.get("redelivered") == "outcome unknown" and first["try"] == 1
        assert "redelivered" not in second

    asyncio.run(story())


@pytest.mark.rule(
    "P-06, P-23, promise 1",
    "A delivery report about mail of a lost installation is marked as a possible repetition.",
)
def test_a_report_that_a_lost_installation_may_have_sent_says_redelivered(town, next_hop):
    """No record says whether the lost one made it."""

    async def story():
        hop = await next_hop(answers={"rcpt": lambda address: "550 5.1.1 no" if address.startswith("bob") else "250 2.1.5 Ok"})
        town.use(outbound=str(hop), local=str(hop))
        old = town.keep()
        restore(town)
        town.now += 60_000
        new = town.keep(text=b"Message-ID: <2@city.example>\r\nSubject: later\r\n\r\nnew\r\n", message_id="<2@city.example>")
        async with town.courier():
            await town.until(lambda: len(hop.messages) == 2)  # the reports
            reports = {h["once"]: uuid.UUID(h["id"]).bytes for h in town.records() if h["type"] == "receipt" and h.get("once")}
            await town.ends(old, new, *reports.values())
        await hop.stop()
        (first,), (second,) = (town.facts(reports[report_key(id_, 0)], "attempt") for id_ in (old, new))
        assert first.get("redelivered") == "outcome unknown" and first["try"] == 1
        assert "redelivered" not in second

    asyncio.run(story())


def test_a_snapshot_knows_what_a_report_is_about(data):
    town = Town(data)
    old = town.keep()
    restore(town)
    town.now += 60_000
    report = town.keep("ann@city.example", sender="", kind="local", once=report_key(old, 0))
    town.close()
    outstanding_file.advance(data, town.now)
    for found in (outstanding_file.load(data), outstanding_file.current(data)):
        assert found.entries[report].about == old
        assert found.is_orphan(found.entries[report])


def test_a_snapshot_and_a_rebuild_know_what_came_from_the_lost_installation(data):
    town = Town(data)
    old = town.keep()
    restore(town)
    new = town.keep(text=b"Message-ID: <2@city.example>\r\n\r\nnew\r\n", message_id="<2@city.example>")
    town.close()

    def orphans() -> set[bytes]:
        found = outstanding_file.current(data)
        return {e.id for e in found.waiting() if found.is_orphan(e)}

    assert orphans() == {old}
    outstanding_file.advance(data, town.now)
    loaded = outstanding_file.load(data)
    assert {e.id for e in loaded.waiting() if loaded.is_orphan(e)} == {old}
    assert replay.rebuild(data, now=town.now) == []
    assert orphans() == {old}
    assert new in outstanding_file.current(data).entries
