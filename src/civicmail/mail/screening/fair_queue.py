"""A fair queue, so that one client's slow messages do not starve the others' (P-02, promise 6).

Each client (a network, or a signed-in person) has its own queue. The next message is that of the client with the least processing
time so far (start-time fair queueing, Goyal and others 1996). So one message does not wait behind a hundred of another client. A
queue has a limit: what exceeds it is not read now, and the failure policy decides.
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
"""Waiting messages of one client: as many as one address may have connections (gateway.max_per_address), so that only a network
with several addresses reaches it."""
MAX_CLIENTS = 10_000
"""Clients whose used time is remembered."""
MIN_SECONDS = 0.001
"""Seconds charged for each message at least, when it starts: of two clients with equal time the other is next."""


def client_key(envelope: Envelope, client: str) -> str:
    """The key of a client: the signed-in person, else the network of the client (/24, /48). client: from origin.py."""
    if envelope.login:
        return envelope.login.partition("/")[0]
    return network_of(client)


@dataclass(slots=True)
class _Client:
    """used_seconds: processing time, on the scale of all clients; waiting: in order; served: messages in process."""

    used_seconds: float
    served: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class FairQueue:
    """For one event loop. capacity: messages at a time; max_queued: waiting messages of one client, None: no limit; per_client:
    messages of one client at a time, so that the next client need not wait for one of theirs. Mail of an unknown client has no
    such limit."""

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
        """Wait for a slot, which release() frees. name: of client_key(). Raises Unreadable with BUSY if too many of this client's
        messages wait."""
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
        """Free a slot. seconds: its processing time."""
        client = self._clients[name]
        client.used_seconds += max(0.0, seconds - MIN_SECONDS)
        self._end(client)
        if len(self._clients) > MAX_CLIENTS:
            self._forget()

    def _is_next(self, name: str, client: _Client) -> bool:
        """Whether the client may have another message in process."""
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
        """Forget idle clients that would have no disadvantage as new ones; if there are none, every idle client."""
        idle = [name for name, client in self._clients.items() if not client.waiting and not client.served]
        past = [name for name in idle if self._clients[name].used_seconds <= self._now]
        for name in past or idle:
            del self._clients[name]
