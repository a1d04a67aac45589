"""Limited processes that a loop asks: what a reader does costs one question, and never the loop (promise 6)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from civicmail.core.sandbox import child, frames
from civicmail.core.sandbox.async_pool import AsyncPool
from civicmail.core.sandbox.errors import CRASHED, DAMAGED, TOO_LONG, TOO_MUCH_MEMORY, Unreadable
from core.sandbox.crashing import SERVICE, Do


def story(told: Callable[[AsyncPool], Awaitable[None]], *command: str) -> None:
    """In a loop of its own, with one process."""

    async def whole() -> None:
        pool = AsyncPool(replace(SERVICE, program=command or SERVICE.program))
        try:
            await told(pool)
        finally:
            pool.close()

    asyncio.run(whole())


async def pid(pool: AsyncPool) -> bytes:
    return (await pool.request(Do("say"), b"", seconds=60)).split()[0]


async def why(pool: AsyncPool, do: str, seconds: float = 1) -> str:
    with pytest.raises(Unreadable) as told:
        await pool.request(Do(do), b"content", seconds=seconds)
    return told.value.why


def test_one_process_answers_whoever_asks_in_their_order() -> None:
    """Also what no pipe holds at once, in both directions."""

    async def told(pool: AsyncPool) -> None:
        contents = [b"x" * 3_000_000, b"y", b"z" * frames.SMALL]
        said = await asyncio.gather(*(pool.request(Do("say"), content, seconds=60) for content in contents))
        assert [answer.partition(b" ")[2] for answer in said] == contents
        assert len({answer.partition(b" ")[0] for answer in said}) == 1

    story(told)


@pytest.mark.rule(
    "P-25, promise 6",
    "A process that reads mail affects one request, and never the loop that accepts mail: if it dies, hangs or exceeds "
    "limits, the next one is answered.",
)
def test_what_a_reader_does_costs_one_question() -> None:
    """Dead, busy for ever, greedy, broken: each is a word, and the next question has its answer."""

    async def told(pool: AsyncPool) -> None:
        does = {"die": CRASHED, "compute": TOO_LONG, "fill": TOO_MUCH_MEMORY, "raise": DAMAGED, "refuse": "encrypted"}
        does |= {"lie": CRASHED, "long": CRASHED}
        for do, word in does.items():
            heard, said = await asyncio.gather(why(pool, do), pool.request(Do("say"), b"next", seconds=60), return_exceptions=True)
            assert heard == word and isinstance(said, bytes) and said.endswith(b" next"), (do, heard, said)

    story(told)


def test_one_that_only_waits_is_ended_by_the_clock_and_the_loop_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it hangs, others are served."""

    async def told(pool: AsyncPool) -> None:
        await pid(pool)
        monkeypatch.setattr(child, "GRACE", 0.2)
        hung = asyncio.ensure_future(why(pool, "hang", 0.1))
        turns = 0
        while not hung.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert hung.result() == TOO_LONG and turns > 3

    story(told)


def test_one_that_was_ended_while_nobody_asked_is_started_again() -> None:
    async def told(pool: AsyncPool) -> None:
        os.kill(int(await pid(pool)), signal.SIGKILL)
        running = pool._desks[0].child._running
        assert running is not None
        running.wait(60)
        assert await pid(pool)

    story(told)


def test_a_fresh_process_takes_over_in_time_and_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    async def told(pool: AsyncPool) -> None:
        pool.warm()
        first = await pid(pool)
        monkeypatch.setattr("civicmail.core.sandbox.pool.MAX_REQUESTS", 2)
        assert await pid(pool) == first != await pid(pool)

    story(told)


def test_the_second_process_starts_when_two_ask_at_the_same_time() -> None:
    async def told() -> None:
        pool = AsyncPool(SERVICE, processes=2)
        try:
            pool.warm()
            assert len({await pid(pool) for _ in range(3)}) == 1
            assert len(set(await asyncio.gather(pid(pool), pid(pool)))) == 2
        finally:
            pool.close()

    asyncio.run(told())


def test_who_asks_no_more_ends_the_process_and_leaves_no_answer_behind() -> None:
    """The next question would get the answer of the one before."""

    async def told(pool: AsyncPool) -> None:
        first = await pid(pool)
        gone = asyncio.ensure_future(pool.request(Do("say"), b"mine", seconds=60))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await pid(pool) != first
        assert (await pool.request(Do("say"), b"next", seconds=60)).endswith(b" next")

    story(told)


def test_the_next_question_lies_in_the_pipe_and_its_time_begins_when_it_is_its_turn() -> None:
    """What one waits for behind another is on nobody's account, and no third lies there."""

    async def told(pool: AsyncPool) -> None:
        order: list[str] = []

        async def one(name: str) -> None:
            await pool.request(Do("say"), name.encode(), seconds=60, begins=lambda: order.append(f"{name} begins"))
            order.append(f"{name} is over")

        asked = [asyncio.ensure_future(one(name)) for name in "abc"]
        await asyncio.sleep(0)
        assert pool._desks[0].pending == 2
        await asyncio.gather(*asked)
        assert order == [f"{name} {what}" for name in "abc" for what in ("begins", "is over")]

    story(told)


@pytest.mark.parametrize("said", ["b'R' + b'\\xff' * 8", "b'short'", "b''"], ids=["endless", "cut", "nothing"])
def test_what_is_no_answer_is_not_waited_for(said: str) -> None:
    """A process that was taken over promises what it cannot have, or says nothing."""

    async def told(pool: AsyncPool) -> None:
        assert await why(pool, "say", 20) == CRASHED

    story(told, sys.executable, "-c", f"import os; os.read(0, 1); os.write(1, {said})")
