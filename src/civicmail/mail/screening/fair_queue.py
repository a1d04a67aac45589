"""Whose message is read next, so that one client's slow messages do not starve the others' (P-02, promise 6).

Each client, by its network or by who signed in, has a queue of its own. Next is whoever has had the least of the readers' time
lately (start-time fair queueing, Goyal and others 1996): who sends one message is not behind a hundred of somebody else, whatever
those cost. A queue has an end: what does not fit in is not read now, which is an answer that the fail matrix knows.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.errors import BUSY, Unreadable
from civicmail.core.wire.hosts import network_of

MAX_QUEUED = 200
"""Messages of one client that wait: as many as one address may have connections (gateway.max_per_address), so that only a network
with several comes to the end of it."""
MAX_CLIENTS = 10_000
"""Clients of which it is known how much they have had."""
MIN_SECONDS = 0.001
"""Seconds that each message counts for at least, from when it is served: of two that have had the same the other one is next."""


def client_key(envelope: Envelope, client: str) -> str:
    """Whose turn a message takes: of who signed in, else of the network of the client (/24, /48), as far as one is known. client:
    as origin.py knows it."""
    if envelope.login:
        return envelope.login.partition("/")[0]
    return network_of(client)


@dataclass(slots=True)
class _Client:
    """had: seconds of readers, in the time of all clients together; asked: who waits, in order; served: messages that are read."""

    used_seconds: float
    served: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class FairQueue:
    """For one event loop. at_once: messages that are read at a time; queued: of one client that may wait, None: however many; each:
    of one client that are read at a time, so that whoever comes next need not wait for one of theirs. Mail of which nobody knows
    whose it is may take all."""

    def __init__(self, capacity: int, max_queued: int | None = MAX_QUEUED, per_client: int | None = None) -> None:
        self._free = capacity
        self._queued = max_queued
        self._each = per_client
        self._now = 0.0  # what whoever was served last had had when it was
        self._clients: dict[str, _Client] = {}
        self._waiting: dict[str, _Client] = {}  # those of them who have asked: few, where thousands are known

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """As take() and give(), for as long as the block takes."""
        await self.acquire(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.release(name, time.monotonic() - began)

    async def acquire(self, name: str) -> None:
        """Wait for a turn, which give() ends. name: of who(). Raises Unreadable with BUSY where too many of theirs wait."""
        client = self._clients.setdefault(name, _Client(self._now))
        if not client.waiting:
            client.used_seconds = max(client.used_seconds, self._now)
        if self._free and self._is_next(name, client):
            self._serve(client)
            return
        if self._queued is not None and len(client.waiting) >= self._queued:
            raise Unreadable(BUSY)
        slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.waiting.append(slot)
        self._waiting[name] = client
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self._end(client)  # it was served and will not come
            elif slot in client.waiting:
                client.waiting.remove(slot)
                if not client.waiting:
                    del self._waiting[name]
            raise

    def release(self, name: str, seconds: float) -> None:
        """A turn is over. seconds: for which a reader was busy with it."""
        client = self._clients[name]
        client.used_seconds += max(0.0, seconds - MIN_SECONDS)
        self._end(client)
        if len(self._clients) > MAX_CLIENTS:
            self._forget()

    def _is_next(self, name: str, client: _Client) -> bool:
        """Whether one more of theirs may be read beside those that are."""
        return self._each is None or not name or client.served < self._each

    def _serve(self, client: _Client) -> None:
        self._free -= 1
        client.served += 1
        self._now = max(self._now, client.used_seconds)
        client.used_seconds += MIN_SECONDS

    def _end(self, ended: _Client) -> None:
        self._free += 1
        ended.served -= 1
        while those := [one for one in self._waiting.items() if self._is_next(*one)]:
            name, client = min(those, key=lambda one: one[1].used_seconds)
            slot = client.waiting.popleft()
            if not client.waiting:
                del self._waiting[name]
            if not slot.done():  # else whoever waited has gone
                self._serve(client)
                slot.set_result(None)
                return

    def _forget(self) -> None:
        """Whoever waits for nothing and would not be behind anybody who comes now; and in need everybody who does not wait."""
        idle = [name for name, client in self._clients.items() if not client.waiting and not client.served]
        past = [name for name in idle if self._clients[name].used_seconds <= self._now]
        for name in past or idle:
            del self._clients[name]
