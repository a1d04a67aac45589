"""The courier at work: mailboxes, next hops, retries, expiry (P-01, P-23; promises 1 and 6)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid

import pytest

from civicmail.core.disk.free_space import Room
from civicmail.core.message.model import Recipient
from civicmail.mail.archive.outstanding_file import current
from civicmail.mail.courier import deliver
from civicmail.mail.courier.deliver import SPACE_SECONDS
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from civicmail.mail.courier.rendering import as_sent

DAY = 86_400_000
TEXT = b"Message-ID: <1@city.example>\r\nSubject: hello\r\n\r\nhello\r\n"


def test_mail_for_us_goes_to_the_mailbox_and_the_record_rebuilds_what_lies_there(town):
    async def story():
        id_ = town.keep("Bob@City.example", "ann@city.example", sender="eve@out.example", kind="mx")
        async with town.courier():
            await town.ends(id_)
        (raw,) = town.mailbox("bob")
        assert re.match(
            rb"Return-Path: <eve@out\.example>\nReceived: from client\.example \(\[192\.0\.2\.7\]\) by mail\.city\.example\n"
            rb"\twith ESMTP id [0-9a-f-]{36}\n\tfor <Bob@City\.example>;\n\tFri, 15 Jan 2027 08:00:00 \+0000\n"
            rb"Civicmail-Notice: external; decision=[0-9a-f-]{36}\n\tThis message came from outside the city\.\nFrom: ann",
            raw,
        )
        assert raw.endswith(b"\n\nhello\n.dot\n") and len(town.mailbox("ann")) == 1
        first, second = town.facts(id_, "delivered")
        assert first["hop"] == "maildir"
        assert raw in {as_sent([town.kept[id_]], facts) for facts in (first, second)}
        assert town.events(id_) == ["delivered", "delivered"]  # no attempt: the file name is the capture id
        assert current(town.data).entries == {}

    asyncio.run(story())


@pytest.mark.rule(
    "P-23, promise 6",
    "Mailboxes wait while less than `gateway.min_free` is free on their volume; each message is logged once, none fails, "
    "and it is delivered once there is space.",
)
def test_mailboxes_wait_while_their_volume_has_no_room_and_each_message_says_so_once(town, monkeypatch):
    free = [99]
    monkeypatch.setattr(deliver, "Room", lambda place, _: Room(place, 100 + 2000, lambda _: free[0]))

    async def story():
        first, second = (
            town.keep("bob@city.example", kind="mx"),
            town.keep("ann@city.example", "zoe@city.example", kind="mx", text=TEXT),
        )
        async with town.courier():
            await town.until(lambda: town.events(first) and town.events(second))
            assert [town.events(id_) for id_ in (first, second)] == [["deferred"], ["deferred"]]
            for _ in range(20):
                town.now += 61_000
                await asyncio.sleep(0.1)
            town.now += 10 * DAY  # our own lack fails nothing, however long it takes
            await asyncio.sleep(0.2)
            assert [town.events(id_) for id_ in (first, second)] == [["deferred"], ["deferred"]]
            assert town.facts(first, "deferred")[0]["reply"].startswith("4.3.1 too little is free on the volume of the mailboxes")
            assert not town.mailbox("bob") and not town.mailbox("ann")
            free[0] = 1 << 40
            town.now += 61_000
            await town.ends(first, second)
        assert [len(town.mailbox(who)) for who in ("ann", "bob", "zoe")] == [1, 1, 1]
        assert current(town.data).entries == {}

    asyncio.run(story())


def test_mail_for_others_goes_to_the_smart_host_with_an_attempt_before_the_dot(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        id_ = town.keep("bob@out.example", "eve@out.example")
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        (message,) = hop.messages
        assert message.sender == "ann@city.example" and message.recipients == ["bob@out.example", "eve@out.example"]
        assert b"for <" not in message.content and b"Return-Path" not in message.content  # nobody learns of the other copy
        assert message.content.endswith(town.kept[id_])
        assert town.events(id_) == ["attempt", "delivered"]
        (facts,) = town.facts(id_, "delivered")
        assert facts["sha256"] == hashlib.sha256(message.content).hexdigest()
        assert as_sent([town.kept[id_]], facts) == message.content
        assert facts["reply"] == "250 2.0.0 Ok" and facts["hop"] == str(hop)

    asyncio.run(story())


def test_a_route_by_domain_comes_first_and_mail_without_a_hop_waits(town, next_hop):
    async def story():
        hop = await next_hop(lmtp=True)
        town.use(route={"city.example": str(hop)})
        routed, waits = town.keep("bob@city.example", kind="mx"), town.keep("x@far.example", text=b"other\r\n")
        async with town.courier():
            await town.ends(routed)
        await hop.stop()
        assert [m.recipients for m in hop.messages] == [["bob@city.example"]]
        assert list(current(town.data).entries) == [waits]

    asyncio.run(story())


def test_lmtp_answers_count_for_each_recipient_alone(town, next_hop):
    async def story():
        replies = {"full@city.example": "452 4.2.2 full", "gone@city.example": "550 5.1.1 gone"}
        hop = await next_hop(lmtp=True, answers={".": lambda to: replies.get(to, "250 2.0.0 saved")})
        town.use(local=str(hop))
        id_ = town.keep("a@city.example", "full@city.example", "gone@city.example", "b@city.example", kind="mx")
        async with town.courier():
            await town.until(lambda: len(town.events(id_)) == 4)
            entry = current(town.data).entries[id_]
            assert {i: (c.end, c.reply) for i, c in entry.copies.items()} == {
                0: ("delivered", "250 2.0.0 saved"), 1: ("", "452 4.2.2 full"), 2: ("failed", "550 5.1.1 gone"),
                3: ("delivered", "250 2.0.0 saved"),
            }  # fmt: skip
            replies.clear()
            town.now += 61_000
            await town.ends(id_)
        await hop.stop()
        assert hop.messages[-1].recipients == ["full@city.example"]

    asyncio.run(story())


def test_lmtp_answers_that_came_before_the_connection_broke_count(town, next_hop):
    async def story():
        hop = await next_hop(lmtp=True, answers={".": lambda to: "250 2.0.0 saved" if to.startswith("a") else "drop"})
        town.use(local=str(hop))
        id_ = town.keep("a@city.example", "b@city.example", kind="mx")
        async with town.courier():
            await town.until(lambda: len(town.events(id_)) == 3)
        await hop.stop()
        by_type = {h["type"]: h for h in town.records(id_)}
        assert by_type["attempt"]["to"] == [0, 1] and by_type["delivered"]["to"] == [0]
        assert by_type["deferred"]["to"] == [1] and by_type["deferred"]["facts"]["unknown"] == 1

    asyncio.run(story())


def test_refusals_at_rcpt_need_no_attempt_and_the_others_get_their_mail(town, next_hop):
    async def story():
        hop = await next_hop(answers={"rcpt": lambda to: "550 5.1.1 no" if to.startswith("no") else "250 ok"})
        town.use(outbound=str(hop))
        id_ = town.keep("no@out.example", "yes@out.example")
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        by_type = {h["type"]: h for h in town.records(id_)}
        assert by_type["attempt"]["to"] == [1] and by_type["failed"]["to"] == [0] and by_type["delivered"]["to"] == [1]

    asyncio.run(story())


def test_each_deferral_waits_twice_as_long_up_to_the_most(town, next_hop):
    async def story():
        hop = await next_hop(answers={"mail": "451 4.3.0 later"})
        town.use(outbound=str(hop), retry_first=60, retry_most=200)
        id_ = town.keep()
        async with town.courier():
            for n in range(1, 5):
                await town.until(lambda n=n: len(town.facts(id_, "deferred")) == n)
                town.now = town.facts(id_, "deferred")[-1]["next"]
            hop.answers.clear()
            await town.ends(id_)
        await hop.stop()
        heads = [h for h in town.records(id_) if h["type"] == "deferred"]
        assert [h["facts"]["next"] - h["at"] for h in heads][:4] == [60_000, 120_000, 200_000, 200_000]
        assert [h["facts"]["try"] for h in heads][:4] == [1, 2, 3, 4]

    asyncio.run(story())


def test_a_hop_that_is_down_for_a_day_takes_everything_when_it_is_back_and_no_try_was_counted(town, next_hop):
    async def story():
        hop = await next_hop()
        await hop.stop()
        town.use(outbound=str(hop))
        ids = [town.keep(f"r{i}@out.example", text=b"Subject: %d\r\n\r\nx\r\n" % i) for i in range(40)]
        async with town.courier():
            for _ in range(24):
                await asyncio.sleep(0.01)
                town.now += DAY // 24
                ids.append(town.keep(text=b"Subject: hour %d\r\n\r\nx\r\n" % town.now))
            await hop.start()
            await town.later(lambda: len(hop.messages) == len(ids))
            await town.ends(*ids)
        await hop.stop()
        assert len(hop.messages) == len(ids)
        assert not [h for h in town.records() if h["type"] == "deferred"]
        assert current(town.data).entries == {}

    asyncio.run(story())


def test_what_is_older_than_the_limit_fails_when_the_hop_is_still_down_and_the_sender_is_told(town, next_hop):
    async def story():
        hop = await next_hop()
        await hop.stop()
        town.use(outbound=str(hop), expire=3600)
        id_ = town.keep()
        town.now += 3_700_000
        async with town.courier():
            await town.ends(id_)
            await town.until(lambda: town.mailbox("ann"))
        (facts,) = town.facts(id_, "failed")
        assert facts["reply"].startswith("4.4.7 expired after 3600 s, last: 4.4.1") and facts["dsn"] == 1

    asyncio.run(story())


def test_old_mail_is_tried_once_more_before_it_fails(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop), expire=3600)
        id_ = town.keep()
        town.now += DAY
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert town.events(id_) == ["attempt", "delivered"]

    asyncio.run(story())


@pytest.mark.rule(
    "P-06, promise 1",
    "A second receipt of the same bytes with a Message-ID and the same envelope within a day is not delivered again, and "
    "its record has the reason.",
)
def test_the_same_message_twice_is_delivered_once_and_the_second_says_why(town):
    async def story():
        first = town.keep("bob@city.example", kind="mx", sender="eve@out.example")
        town.now += 1000
        second = town.keep("bob@city.example", kind="mx", sender="eve@out.example")
        town.now += 1000
        other = town.keep("bob@city.example", "ann@city.example", kind="mx", sender="eve@out.example")
        async with town.courier():
            await town.ends(first, second, other)
            late = town.keep("bob@city.example", kind="mx", sender="eve@out.example")
            town.now += DAY
            next_day = town.keep("bob@city.example", kind="mx", sender="eve@out.example", text=b"Subject: y\r\n\r\n")
            await town.ends(late, next_day)
        same = {"reason": "same as", "same_as": str(uuid.UUID(bytes=first))}
        assert town.facts(second, "cancelled") == [same] == town.facts(late, "cancelled")
        assert len(town.mailbox("bob")) == 3 and len(town.mailbox("ann")) == 1

    asyncio.run(story())


def test_parameters_of_the_sender_go_on_to_a_hop_that_offers_them(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        params = {"BODY": "8BITMIME", "RET": "HDRS", "ENVID": "x+2Dy"}
        id_ = town.keep(Recipient("bob@out.example", "SUCCESS,FAILURE", "rfc822;bob@out.example"), params=params)
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        size = len(hop.messages[0].content)
        assert f"MAIL FROM:<ann@city.example> SIZE={size} BODY=8BITMIME RET=HDRS ENVID=x+2Dy" in hop.commands
        assert "RCPT TO:<bob@out.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@out.example" in hop.commands
        assert "dsn" not in town.facts(id_, "delivered")[0]  # the next hop has the duty now

    asyncio.run(story())


def test_too_large_for_the_hop_and_addresses_it_cannot_take_fail_without_being_sent(town, next_hop):
    async def story():
        hop = await next_hop(offers=("SIZE 1000",))
        town.use(outbound=str(hop))
        large, utf8 = town.keep(text=TEXT + b"x" * 1000), town.keep("jürgen@out.example", text=b"x\r\n")
        async with town.courier():
            await town.ends(large, utf8)
        await hop.stop()
        assert town.facts(large, "failed")[0]["reply"].startswith("552 5.3.4")
        assert town.facts(utf8, "failed")[0]["reply"].startswith("553 5.6.7")
        assert not [c for c in hop.commands if c.startswith("MAIL")]

    asyncio.run(story())


def test_a_connection_serves_many_messages_and_large_ones_come_through_whole(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop), concurrency=1)
        large = b"Subject: large\r\n\r\n" + b"." * 50 + (b"x" * 76 + b"\r\n") * 40_000
        ids = [town.keep(text=b"Subject: %d\r\n\r\n" % i) for i in range(10)] + [town.keep(text=large)]
        async with town.courier():
            await town.ends(*ids)
        await hop.stop()
        assert hop.connections == 1
        assert max((m.content for m in hop.messages), key=len).endswith(large)

    asyncio.run(story())


def test_a_hop_that_hangs_up_between_messages_costs_nobody_a_try(town, next_hop):
    async def story():
        seen = []
        hop = await next_hop(answers={"mail": lambda a: seen.append(a) or ("drop" if len(seen) == 2 else "250 ok")})
        town.use(outbound=str(hop), concurrency=1)
        ids = [town.keep(text=b"Subject: %d\r\n\r\n" % i) for i in range(3)]
        async with town.courier():
            await town.ends(*ids)
        await hop.stop()
        assert len(hop.messages) == 3 and not [h for h in town.records() if h["type"] == "deferred"]

    asyncio.run(story())


def test_kept_and_held_mail_stays_where_it_is(town):
    async def story():
        kept, held = town.keep("bob@city.example", do="kept"), town.keep("bob@city.example", do="hold")
        sent = town.keep("ann@city.example")
        async with town.courier():
            await town.ends(sent)
        assert town.events(kept) == town.events(held) == []
        assert not town.mailbox("bob")

    asyncio.run(story())


@pytest.mark.rule("P-01", "The courier reads the journals twenty times a second at most, however often it is woken.")
def test_however_often_it_is_woken_it_looks_twenty_times_a_second_at_most(town, monkeypatch):
    """What comes meanwhile shares a look, a batch and a sync."""
    looks, look = [], DeliveryQueue.read_new_records

    def counted(rounds):
        looks.append(rounds)
        return look(rounds)

    monkeypatch.setattr(DeliveryQueue, "read_new_records", counted)

    async def story():
        async with town.courier():
            await town.until(lambda: looks)
            loop, first = asyncio.get_running_loop(), len(looks)
            began = loop.time()
            for n in range(100):
                town.keep("bob@city.example", kind="mx", text=b"Subject: %d\r\n\r\n" % n, message_id="")
                await asyncio.sleep(0.002)
            assert len(looks) - first <= (loop.time() - began) / SPACE_SECONDS + 2
            await town.until(lambda: len(town.mailbox("bob")) == 100)

    asyncio.run(story())
