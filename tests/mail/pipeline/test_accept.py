"""The only way in for all mail: accept() returns when a message is durable, and large mail holds up nobody (P-01, P-23)."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import GroupCommit, Spool, Writer
from civicmail.mail.archive.identity import once_bits, same_bits
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import LARGE_MESSAGES, Pipeline
from civicmail.mail.pipeline.policy_decision import Settled, Verdict
from civicmail.mail.screening.screener import Screened

NOW = 1_772_452_800_000
MAIL = b"From: ann@out.example\r\nMessage-ID: <1@out.example>\r\n\r\nHi.\r\n"


def envelope(*to: str) -> Envelope:
    return Envelope("ann@out.example", tuple(Recipient(address) for address in to or ("bob@city.example",)), NOW)


class Counted(ThreadPoolExecutor):
    """Counts what is under way."""

    def __init__(self) -> None:
        super().__init__(8)
        self.now = self.most = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.now += 1
        self.most = max(self.most, self.now)
        future = super().submit(function, *args, **kwargs)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._ended))
        return future

    def _ended(self) -> None:
        self.now -= 1


def test_the_receipt_names_a_capture_that_is_durable_bit_for_bit(tmp_path: Path) -> None:
    async def story() -> None:
        pipeline = Pipeline(GroupCommit(Writer(tmp_path, lambda: NOW)))
        receipt = await pipeline.accept(MAIL, envelope(), Source("mx", "mx1"))
        machine = Machine(tmp_path)
        assert machine.body(receipt.id) == MAIL
        assert machine.capture(receipt.id).sha256 == receipt.sha256 == hashlib.sha256(MAIL).digest()
        await pipeline.commit.close()

    asyncio.run(story())


@pytest.mark.rule("P-23, promise 1", "Equal messages are captures of their own: nothing is dropped as a duplicate.")
def test_equal_messages_are_captures_of_their_own(tmp_path: Path) -> None:
    """P-23: a Message-ID is only a field; nothing is dropped as a duplicate."""

    async def story() -> None:
        pipeline = Pipeline(GroupCommit(Writer(tmp_path, lambda: NOW)))
        receipts = [await pipeline.accept(MAIL, envelope(), Source("mx")) for _ in range(3)]
        assert len({receipt.id for receipt in receipts}) == 3
        assert Machine(tmp_path).count() == 3
        await pipeline.commit.close()

    asyncio.run(story())


def test_mail_of_our_own_has_its_key_in_its_id(tmp_path: Path) -> None:
    async def story() -> None:
        pipeline = Pipeline(GroupCommit(Writer(tmp_path, lambda: NOW)))
        receipt = await pipeline.accept(MAIL, envelope(), Source("local"), "dsn:x:0")
        assert same_bits(receipt.id, bytes(6) + once_bits("dsn:x:0")[:10])
        assert Machine(tmp_path).known(once_bits("dsn:x:0"), receipt.sha256)
        await pipeline.commit.close()

    asyncio.run(story())


@pytest.mark.parametrize(("kind", "do"), [("mx", "deliver"), ("relay", "deliver"), ("journal", "kept"), ("import", "kept")])
def test_what_is_only_a_copy_is_kept_and_never_delivered_again(kind: str, do: str, tmp_path: Path) -> None:
    async def story() -> None:
        pipeline = Pipeline(GroupCommit(Writer(tmp_path, lambda: NOW)))
        receipt = await pipeline.accept(MAIL, envelope("a@city.example", "b@city.example"), Source(kind))
        assert [d.do for d in receipt.dispositions] == [do, do]
        await pipeline.commit.close()

    asyncio.run(story())


def test_a_reader_that_still_looks_at_a_large_message_keeps_nobody_from_keeping_it(tmp_path: Path) -> None:
    """A limited process that took too long has its view of the memory map when the answer is given."""
    views: list[memoryview] = []

    class Slow:
        is_screening = True
        is_idle = False

        def client_key(self, _: Envelope) -> str:
            return ""

        async def verdict(self, content: Any, *_: object) -> tuple[Verdict, Screened]:
            views.append(memoryview(content))
            return Verdict((Disposition(0, "deliver", ("deliver",)),), {}), Screened()

    async def story() -> None:
        writer = Writer(tmp_path, lambda: NOW)
        pipeline = Pipeline(GroupCommit(writer), judging=Slow())  # type: ignore[arg-type]
        spool = writer.spool(bytes(16))
        spool.write(MAIL)
        await pipeline.accept(spool, envelope(), Source("mx"))
        assert bytes(views[0]) == MAIL and Machine(tmp_path).body(spool.id) == MAIL
        views.clear()
        await pipeline.commit.close()

    asyncio.run(story())


@pytest.mark.rule("P-01", "At most two large messages are processed at a time, so that small mail is not delayed.")
def test_at_most_two_large_messages_are_looked_at_at_a_time(tmp_path: Path) -> None:
    async def story() -> None:
        writer = Writer(tmp_path, lambda: NOW)
        pipeline = Pipeline(GroupCommit(writer))
        executor = Counted()
        asyncio.get_running_loop().set_default_executor(executor)
        spools: list[Spool] = []
        for n in range(6):
            spools.append(writer.spool(bytes([n]) * 16))
            spools[-1].write(MAIL)
        receipts = await asyncio.gather(*(pipeline.accept(spool, envelope(), Source("mx")) for spool in spools))
        assert [receipt.id for receipt in receipts] == [spool.id for spool in spools]
        assert executor.most == LARGE_MESSAGES == 2
        assert Machine(tmp_path).count() == 6
        await pipeline.commit.close()

    asyncio.run(story())


@pytest.mark.rule("P-01, P-02", "Of large messages that wait, the one whose client had the least time is next.")
def test_a_large_message_does_not_wait_behind_all_slow_ones_of_another_client(tmp_path: Path) -> None:
    """Two are looked at, the others wait; next is whoever had the least of the time."""
    order: list[str] = []
    begin, looks = asyncio.Event(), asyncio.Event()

    class Slow:
        is_screening = True
        is_idle = False

        def client_key(self, one: Envelope) -> str:
            return one.client

        async def verdict(self, _: Any, settled: Settled, *__: object) -> tuple[Verdict, Screened]:
            order.append(settled.envelope.client)
            looks.set()
            await begin.wait()
            await asyncio.sleep(0.05 if settled.envelope.client == "slow" else 0)
            return Verdict((Disposition(0, "deliver", ("deliver",)),), {}), Screened()

    async def story() -> None:
        writer = Writer(tmp_path, lambda: NOW)
        pipeline = Pipeline(GroupCommit(writer), judging=Slow())  # type: ignore[arg-type]

        async def comes(n: int, client: str) -> None:
            spool = writer.spool(bytes([n]) * 16)
            spool.write(MAIL)
            await pipeline.accept(spool, replace(envelope(), client=client), Source("mx"))

        flood = [asyncio.ensure_future(comes(n, "slow")) for n in range(8)]
        while len(order) < LARGE_MESSAGES:
            await looks.wait()
            looks.clear()
        other = asyncio.ensure_future(comes(8, "other"))
        await asyncio.sleep(0.05)
        small = await asyncio.wait_for(pipeline.accept(MAIL, envelope(), Source("mx"), rejected_by="no"), 30)
        assert small.id and order == ["slow", "slow"]
        begin.set()
        await asyncio.gather(other, *flood)
        await pipeline.commit.close()

    asyncio.run(story())
    assert "other" in order[2:5] and len(order) == 9
