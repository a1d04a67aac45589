"""Reading time is shared by clients: nobody's slow messages starve another's (P-02, promise 6)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.mail.screening import reader_pool
from civicmail.mail.screening.fair_queue import MIN_SECONDS, FairQueue, client_key
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import ExtractedMessage


async def _round() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _served(turns: FairQueue, jobs: list[tuple[str, float]]) -> list[str]:
    """In which order one reader serves messages that all come at once. jobs: whose, and seconds."""
    order: list[tuple[str, float]] = []

    async def one(name: str, seconds: float) -> None:
        await turns.acquire(name)
        order.append((name, seconds))

    tasks = [asyncio.ensure_future(one(*job)) for job in jobs]
    for done in range(len(jobs)):
        await _round()
        assert len(order) == done + 1, "one at a time, and always one"
        turns.release(*order[done])
    await asyncio.gather(*tasks)
    return [name for name, _ in order]


@pytest.mark.rule(
    "P-02, promise 6",
    "Reading time is shared among clients: slow messages of one never starve another's, and too many of one wait unread.",
)
def test_a_hundred_slow_messages_of_one_network_do_not_starve_another() -> None:
    jobs = [("slow", 5.0)] * 50 + [("quick", 0.01)] * 20
    order = asyncio.run(_served(FairQueue(1), jobs))
    assert order[:21] == ["slow"] + ["quick"] * 20


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.floats(0, 10), min_size=1, max_size=8), min_size=2))
def test_while_two_wait_neither_has_had_more_than_the_other_by_more_than_a_message(jobs: dict[str, list[float]]) -> None:
    """Property of start-time fair queueing: the time that two have had differs by the longest message of each at most."""
    most = {name: max(seconds) + MIN_SECONDS * (len(seconds) + 1) for name, seconds in jobs.items()}
    order = asyncio.run(_served(FairQueue(1), [(name, s) for name, all_ in jobs.items() for s in all_]))
    left, had = {name: list(seconds) for name, seconds in jobs.items()}, dict.fromkeys(jobs, 0.0)
    for name in order:
        had[name] += left[name].pop(0)
        both = [other for other in jobs if left[other]]
        for one in both:
            assert all(had[one] - had[other] <= most[one] + most[other] for other in both)


def test_too_many_of_one_client_are_told_so_and_others_still_come_in() -> None:
    async def story() -> None:
        turns = FairQueue(1, max_queued=2)
        await turns.acquire("a")
        waiting = [asyncio.ensure_future(turns.acquire("a")) for _ in range(2)]
        await _round()
        with pytest.raises(Unreadable, match=BUSY):
            await turns.acquire("a")
        other = asyncio.ensure_future(turns.acquire("b"))
        await _round()
        turns.release("a", 1.0)
        await _round()
        assert other.done() and not any(one.done() for one in waiting)
        turns.release("b", 0.0)
        turns.release("a", 0.0)
        await asyncio.gather(*waiting)

    asyncio.run(story())


def test_who_gives_up_takes_nobodys_turn() -> None:
    async def story() -> None:
        turns = FairQueue(1)
        await turns.acquire("a")
        gone, late, stays = (asyncio.ensure_future(turns.acquire(name)) for name in "bcd")
        await _round()
        gone.cancel()
        turns.release("a", 1.0)  # before whoever is canceled has noticed
        late.cancel()  # served at this moment, and does not come
        await _round()
        assert gone.cancelled() and late.cancelled()
        await asyncio.wait_for(stays, 30)

    asyncio.run(story())


def test_reading_takes_turns_by_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is busy as long as it reads, also for a message whose time is up; one more lies in its pipe."""
    order: list[bytes] = []
    begin = asyncio.Event()

    async def asked(_: Any, question: Any, content: bytes, begins: Any) -> ExtractedMessage:
        await begin.wait()
        order.append(bytes(content))
        return ExtractedMessage()

    async def story() -> None:
        monkeypatch.setattr(reader_pool._Small, "_answer", asked)
        readers = reader_pool.Readers(1, 5)
        try:
            flood = [asyncio.ensure_future(readers.read(b"slow", ReadMessage(), "192.0.2.0/24")) for _ in range(4)]
            await _round()
            other = asyncio.ensure_future(readers.read(b"other", ReadMessage(), "198.51.100.0/24"))
            await _round()
            flood[0].cancel()
            begin.set()
            await asyncio.gather(other, *flood[1:])
        finally:
            begin.set()
            await asyncio.to_thread(readers.close)

    asyncio.run(story())
    assert order == [b"slow", b"slow", b"other", b"slow", b"slow"]


@pytest.mark.rule(
    "P-02, promise 6",
    "For each client one large message is read at a time, beside a process for everyone else's; small mail waits for none of them.",
)
def test_behind_slow_large_messages_of_one_client_neither_small_ones_nor_anothers_large_ones_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a client one large message is read at a time, and there is a process for everybody else."""
    end = threading.Event()
    reading: list[bytes] = []

    def ask(_: Any, question: Any, content: bytes, *, seconds: float) -> ExtractedMessage:
        reading.append(content[:1])
        assert content[:1] != b"s" or end.wait(30)
        return ExtractedMessage()

    async def small(_: Any, question: Any, content: bytes, begins: Any) -> ExtractedMessage:
        return ExtractedMessage()

    async def story() -> None:
        monkeypatch.setattr(reader_pool.Pool, "request", ask)
        monkeypatch.setattr(reader_pool._Small, "_answer", small)
        readers = reader_pool.Readers(1, 5)
        try:
            slow = b"s" * (reader_pool.LARGE + 1)
            flood = [asyncio.ensure_future(readers.read(slow, ReadMessage(), "192.0.2.0/24")) for _ in range(9)]
            await _round()
            for client in ("192.0.2.0/24", "198.51.100.0/24"):
                await asyncio.wait_for(readers.read(b"." * reader_pool.LARGE, ReadMessage(), client), 30)
            for _ in range(3):
                other = asyncio.ensure_future(readers.read(b"l" * (reader_pool.LARGE + 9), ReadMessage(), "198.51.100.0/24"))
                assert (await asyncio.wait({other}, timeout=60))[0], "there is a process for everybody else"
            assert reading == [b"s", b"l", b"l", b"l"] and not any(one.done() for one in flood)
            end.set()
            await asyncio.wait_for(asyncio.gather(*flood), 30)
        finally:
            end.set()
            await asyncio.to_thread(readers.close)

    asyncio.run(story())
    assert len(reading) == 12


def test_a_large_message_is_cut_short_only_when_its_turn_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is not copied into memory: two of 40 MB are enough."""
    sizes: list[int] = []

    class Content(bytes):
        def __getitem__(self, key: Any) -> Any:
            sizes.append(key.stop)
            return super().__getitem__(key)

    end = threading.Event()

    def ask(_: Any, question: Any, content: bytes, *, seconds: float) -> ExtractedMessage:
        assert len(content) == reader_pool.LARGE + 7 and end.wait(30)
        return ExtractedMessage()

    async def story() -> None:
        monkeypatch.setattr(reader_pool.Pool, "request", ask)
        readers = reader_pool.Readers(1, 5, most=reader_pool.LARGE + 7)
        try:
            many = [asyncio.ensure_future(readers.read(Content(reader_pool.LARGE + 9), ReadMessage(), f"c{n}")) for n in range(6)]
            while len(sizes) < reader_pool.LARGE_PROCESSES:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert len(sizes) == reader_pool.LARGE_PROCESSES == 2
            end.set()
            await asyncio.wait_for(asyncio.gather(*many), 30)
        finally:
            end.set()
            await asyncio.to_thread(readers.close)

    asyncio.run(story())


def test_mail_of_which_nobody_knows_whose_it_is_may_take_all_turns() -> None:
    async def story() -> None:
        turns = FairQueue(2, per_client=1)
        await asyncio.wait_for(turns.acquire(""), 30)
        await asyncio.wait_for(turns.acquire(""), 30)
        turns.release("", 1.0)
        turns.release("", 1.0)
        await asyncio.wait_for(turns.acquire("a"), 30)
        second = asyncio.ensure_future(turns.acquire("a"))
        await _round()
        assert not second.done()
        turns.release("a", 1.0)
        await asyncio.wait_for(second, 30)

    asyncio.run(story())


@pytest.mark.rule("P-02, promise 6", "The time that a message waits for another's is not charged to its sender.")
def test_what_one_waits_for_behind_another_is_not_on_ones_own_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message lies in the pipe while another is read for five seconds, and is read for one itself."""
    now = [0.0]

    async def asked(_: Any, question: Any, content: bytes, begins: Any) -> ExtractedMessage:
        now[0] += 5
        begins()
        now[0] += 1
        return ExtractedMessage()

    async def story() -> None:
        monkeypatch.setattr(reader_pool._Small, "_answer", asked)
        readers = reader_pool.Readers(1, 5)
        monkeypatch.setattr(readers._small, "_clock", lambda: now[0])
        await readers.read(b"", ReadMessage(), "ann")
        await _round()
        assert readers._small._queue._clients["ann"].used_seconds == pytest.approx(1.0)
        await asyncio.to_thread(readers.close)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("login", "client", "name"),
    [
        ("e-7/laptop", "192.0.2.9", "e-7"),
        ("", "192.0.2.9", "192.0.2.0/24"),
        ("", "::ffff:192.0.2.9", "192.0.2.0/24"),
        ("", "2001:db8:1:2::9", "2001:db8:1::/48"),
        ("", "unknown", ""),
    ],
)
def test_a_client_is_who_signed_in_or_a_network(login: str, client: str, name: str) -> None:
    assert client_key(Envelope("a@b.example", (), 0, client, login=login), client) == name
