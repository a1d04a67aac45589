"""One message over one connection: the record before the final dot, and wrong bytes never (P-06, promises 1 and 2)."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from typing import Any

import pytest

from civicmail.core.disk.errors import DamagedFile, JournalEnded
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.wire.client import Client, ClientEvent
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.errors import LinkLost
from civicmail.mail.courier.rendering import sent_facts
from civicmail.mail.courier.transfer import Load, transfer

BODY = b"Subject: x\r\n\r\nhello\r\n"
END = b"hello\r\n.\r\n"


class Wire:
    """A link without a network: a next hop that takes everything, one command group after the other."""

    def __init__(self) -> None:
        self.client = Client("mail.city.example")
        self.said = b""
        self.aborted = False
        self.served = 0
        self._events: deque[ClientEvent] = deque()
        self.client.feed(b"220 sink.example\r\n")
        self.client.hello()
        self.client.take_output()
        self.client.feed(b"250-sink.example\r\n250 PIPELINING\r\n")

    def flush(self) -> None:
        while out := self.client.take_output():
            self.said += out
            if out.startswith(b"MAIL"):
                self._events.extend(self.client.feed(b"250 2.0.0 Ok\r\n" * out.count(b"\r\n")))
            elif out == b"DATA\r\n":
                self._events.extend(self.client.feed(b"354 go\r\n"))
            elif self.said.endswith(b"\r\n.\r\n"):
                self._events.extend(self.client.feed(b"250 2.0.0 taken\r\n"))

    async def event(self, seconds: float) -> ClientEvent:
        if not self._events:
            raise LinkLost("nothing more to say")
        return self._events.popleft()

    async def drain(self, seconds: float) -> None:
        await asyncio.sleep(0)

    def abort(self) -> None:
        self.aborted = True


def load(body: bytes = BODY) -> Load:
    e = Envelope("ann@city.example", (Recipient("bob@out.example"), Recipient("eve@out.example")), 1)
    capture = Capture(bytes(16), 1, hashlib.sha256(BODY).digest(), len(BODY), bytes(32), Source("relay"), e)
    return Load(ArchivedMessage(capture, body), (0, 1), sent_facts("crlf", ["Received: by mail.city.example"]))


def run(wire: Wire, attempt: Any, what: Load) -> Any:
    return asyncio.ensure_future(transfer(wire, what, attempt, 1))  # type: ignore[arg-type]


@pytest.mark.rule("P-06, promise 1", "No final dot is sent to a next hop before the record of the attempt is durable.")
def test_the_final_dot_waits_until_the_record_of_the_attempt_is_durable() -> None:
    async def story() -> None:
        wire, durable, asked = Wire(), asyncio.Event(), list[int]()

        async def attempt(indices: list[int]) -> None:
            asked.extend(indices)
            await durable.wait()

        task = run(wire, attempt, load())
        for _ in range(20):
            await asyncio.sleep(0)
        assert asked == [0, 1] and BODY in wire.said and b"\r\n.\r\n" not in wire.said
        durable.set()
        results = await task
        assert wire.said.endswith(END) and [r.took for r in results.values()] == [True, True]
        left = b"Received: by mail.city.example\r\n" + BODY
        assert results[0].left["sha256"] == hashlib.sha256(left).hexdigest()

    asyncio.run(story())


def test_without_the_record_the_message_has_no_end() -> None:
    async def story() -> None:
        wire = Wire()

        async def attempt(indices: list[int]) -> None:
            raise JournalEnded("no room")

        with pytest.raises(JournalEnded):
            await run(wire, attempt, load())
        assert wire.aborted and b"\r\n.\r\n" not in wire.said

    asyncio.run(story())


@pytest.mark.rule("P-06, promise 2", "Bytes that are not what was received never leave.")
def test_a_message_whose_bytes_are_not_those_that_were_received_has_no_end() -> None:
    async def story() -> None:
        wire = Wire()

        async def attempt(indices: list[int]) -> None:
            return

        with pytest.raises(DamagedFile, match="SHA-256"):
            await run(wire, attempt, load(BODY.replace(b"hello", b"hallo")))
        assert wire.aborted and b"\r\n.\r\n" not in wire.said

    asyncio.run(story())
