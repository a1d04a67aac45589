"""The fake next hop of these tests and Postfix's smtp-sink behave alike, and the courier with both (contract of the fake)."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from neighbours.tools import Sink

# name, words for smtp-sink, answers of the fake, what the courier records first
BEHAVIORS = [
    ("takes", [], {}, ["attempt", "delivered"]),
    ("defers-data", ["-r", "DATA"], {"data": "450 4.3.0 Error: command failed"}, ["deferred"]),
    ("refuses-rcpt", ["-f", "RCPT"], {"rcpt": "500 5.3.0 Error: command failed"}, ["failed"]),
    ("hangs-up-at-the-dot", ["-q", "."], {".": "drop"}, ["attempt", "deferred"]),
    ("hangs-up-at-mail", ["-q", "MAIL"], {"mail": "drop"}, ["deferred"]),
    ("421-at-rcpt", ["-Q", "RCPT"], {"rcpt": "421 4.3.0 bye"}, ["deferred"]),
    ("defers-the-dot", ["-r", "."], {".": "450 4.3.0 Error: command failed"}, ["attempt", "deferred"]),
    ("slow-at-the-dot", ["-W", ".:1"], {}, ["attempt", "delivered"]),
    ("no-pipelining", ["-p"], {}, ["attempt", "delivered"]),
    ("no-ehlo", ["-e"], {"ehlo": "500 no"}, ["attempt", "delivered"]),
]


@contextlib.asynccontextmanager
async def hop_that(kind: str, flags: list[str], answers: dict[str, str], next_hop, lmtp: bool = False):
    if kind == "smtp-sink":
        with Sink(*(["-L"] if lmtp else []), *flags) as sink:
            yield f"{'lmtp' if lmtp else 'smtp'}://127.0.0.1:{sink.port}"
        return
    hop = await next_hop(answers=dict(answers), lmtp=lmtp, offers=() if flags in (["-p"], ["-e"]) else ("PIPELINING",))
    yield str(hop)
    await hop.stop()


@pytest.mark.parametrize("kind", ["fake", pytest.param("smtp-sink", marks=pytest.mark.neighbour("smtp-sink", "root"))])
@pytest.mark.parametrize(("flags", "answers", "expected"), [b[1:] for b in BEHAVIORS], ids=[b[0] for b in BEHAVIORS])
def test_the_courier_records_the_same_of_both(town, next_hop, kind, flags, answers, expected):
    async def story():
        async with hop_that(kind, flags, answers, next_hop) as hop:
            town.use(outbound=hop)
            id_ = town.keep()
            async with town.courier():
                await town.until(lambda: expected[-1] in town.events(id_))
        assert town.events(id_)[: len(expected)] == expected

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["fake", pytest.param("smtp-sink", marks=pytest.mark.neighbour("smtp-sink", "root"))])
def test_lmtp_with_several_recipients(town, next_hop, kind):
    async def story():
        async with hop_that(kind, [], {}, next_hop, lmtp=True) as hop:
            town.use(local=hop)
            id_ = town.keep("a@city.example", "b@city.example", "c@city.example", kind="mx")
            async with town.courier():
                await town.ends(id_)
        assert [h["to"] for h in town.records(id_) if h["type"] in ("attempt", "delivered")] == [[0, 1, 2], [0, 1, 2]]

    asyncio.run(story())


@pytest.mark.parametrize("answer", ["554 5.7.1 go away", "421 4.3.2 busy", "drop"])
def test_a_hop_that_does_not_greet_is_down_and_no_message_is_to_blame(town, next_hop, answer):
    async def story():
        hop = await next_hop(answers={"connect": answer})
        town.use(outbound=str(hop))
        ids = [town.keep(text=b"Subject: %d\r\n\r\n" % i) for i in range(5)]
        async with town.courier():
            await town.later(lambda: hop.connections > 3)
            assert not [h for h in town.records() if h["type"] != "receipt"]
            hop.answers.clear()
            await town.later(lambda: len(hop.messages) == 5)
            await town.ends(*ids)
        await hop.stop()
        assert len(hop.messages) == 5

    asyncio.run(story())


def test_no_more_connections_to_one_hop_than_the_setting_says_and_nothing_connects_without_mail(town, next_hop):
    async def story():
        hop, idle = await next_hop(), await next_hop()
        town.use(outbound=str(hop), concurrency=3, route={"quiet.example": str(idle)})
        ids = [town.keep(text=b"Subject: %d\r\n\r\n" % i) for i in range(60)]
        async with town.courier():
            await town.ends(*ids)
        await hop.stop()
        await idle.stop()
        assert 1 <= hop.connections <= 3 and idle.connections == 0 and len(hop.messages) == 60

    asyncio.run(story())


def test_one_hop_that_is_down_does_not_hold_up_another(town, next_hop):
    async def story():
        down, up = await next_hop(answers={"connect": "drop"}), await next_hop()
        town.use(outbound=str(up), route={"down.example": str(down)})
        stuck = town.keep("x@down.example", "y@out.example")
        async with town.courier():
            await town.until(lambda: "delivered" in town.events(stuck))
        await down.stop()
        await up.stop()
        assert [m.recipients for m in up.messages] == [["y@out.example"]]

    asyncio.run(story())
