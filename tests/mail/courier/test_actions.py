"""What a person decides about waiting mail is obeyed by the courier that runs (P-23)."""

from __future__ import annotations

import asyncio
from contextlib import closing

from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.outstanding_file import current
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier import actions

HOUR = 3_600_000


def decide(town, action, id_, reason="because"):
    return action(town.data, current(town.data).entries[id_], actor="op", reason=reason, now=town.now)


def test_retry_is_tried_at_once_and_drop_is_never_tried_again(town, next_hop):
    async def story():
        hop = await next_hop(answers={"mail": "451 4.3.0 later"})
        town.use(outbound=str(hop))
        retried, dropped = town.keep(), town.keep(text=b"Subject: 2\r\n\r\n")
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(retried) and "deferred" in town.events(dropped))
            hop.answers.clear()
            town.now += 1
            assert decide(town, actions.retry, retried) == decide(town, actions.drop, dropped, "no longer wanted") == [0]
            await town.ends(retried)
            town.now += HOUR
            await town.ends(dropped)
            await asyncio.sleep(0.1)
        await hop.stop()
        assert [m.content.endswith(town.kept[retried]) for m in hop.messages] == [True]
        assert town.facts(dropped, "cancelled") == [{"reason": "no longer wanted", "actor": "op"}]

    asyncio.run(story())


def test_held_mail_goes_when_it_is_released_and_waits_when_it_is_held_again(town):
    async def story():
        id_ = town.keep("bob@city.example", do="hold", kind="mx")
        other = town.keep("ann@city.example", text=b"Subject: 2\r\n\r\n")
        async with town.courier():
            await town.ends(other)
            assert decide(town, actions.retry, id_) == []  # a queue command decides nothing about held mail
            with closing(Writer(town.data, town.clock)) as writer:
                writer.event(Event(Type.RELEASED, id_, town.now, (0,), {"reason": "approved", "actor": "chief"}))
                writer.flush()
            await town.ends(id_)
        assert len(town.mailbox("bob")) == 1

    asyncio.run(story())
