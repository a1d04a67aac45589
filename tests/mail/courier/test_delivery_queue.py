"""What the courier believes to be under way. Promise 1."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from civicmail.mail.archive.commit import GroupCommit
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from civicmail.mail.courier.hops import Hop
from mail.courier.conftest import Town


@pytest.mark.rule("P-06, promise 1", "A deferred copy is retried, however many outcomes are recorded at the same moment.")
def test_nothing_stays_under_way_whose_outcome_was_recorded_while_others_were(data: Path) -> None:
    """The outcome of the first is on its way to the disk while that of the second comes back; both are free after that."""
    town = Town(data)
    first, second = town.keep("bob@out.example"), town.keep("eve@out.example", text=b"Message-ID: <2@x>\r\n\r\n")

    async def story() -> None:
        rounds = DeliveryQueue(data, town.settings, town.clock)
        rounds.commit = GroupCommit(town.writer)
        lane = rounds.lane(Hop("smtp", "127.0.0.1", 25))
        for entry in rounds.outstanding.entries.values():
            lane.add(entry.id)
        rounds.routes.route_of = lambda *_, **__: lane.hop  # type: ignore[method-assign]
        jobs = {job.entry.id: job for _ in range(2) if (job := rounds.take(lane))}
        later, recording = asyncio.Event(), rounds.attempt

        async def attempt(events: list[Event]) -> tuple[str, int]:
            place = await recording(events)
            if events[0].id == first:
                await later.wait()
            return place

        rounds.attempt = attempt  # type: ignore[method-assign]
        slow = asyncio.create_task(rounds.finish(jobs[first], [_deferred(first, town.now)]))
        await asyncio.sleep(0)
        await rounds.finish(jobs[second], [_deferred(second, town.now)])
        rounds.read_new_records()
        later.set()
        await slow
        rounds.read_new_records()
        town.now += 2000
        rounds.read_new_records()
        taken = {job.entry.id for _ in range(2) if (job := rounds.take(lane))}
        assert taken == {first, second}
        await rounds.commit.close()

    asyncio.run(story())


def _deferred(id_: bytes, now: int) -> Event:
    return Event(Type.DEFERRED, id_, now, (0,), {"hop": "smtp://127.0.0.1:25", "next": now + 1000, "reply": "451 later", "try": 1})
