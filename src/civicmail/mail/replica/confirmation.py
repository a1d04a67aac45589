"""Confirmation by the standby: gateways request, over a socket in the data folder, to be notified when a record is synced there.

A request is one line, JOURNAL and number; the same line is sent back when the copy has that record. If it is not in time, the
client gets a 451 and tries again; or, if the settings say so, the message counts as archived here alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Mapping
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Archive
from civicmail.core.disk import sockets
from civicmail.mail.replica.errors import StandbyGone

_NAME = "replicate.socket"
AGAIN_SECONDS = 0.2

log = get_logger()


class ConfirmationDesk:
    """Accepts requests for confirmation; the holder of the lease `replicate` runs it."""

    def __init__(self, data: Path) -> None:
        self._door = sockets.bound(data, _NAME, socket.SOCK_STREAM)
        self._door.listen(64)
        self._wishes: dict[socket.socket, list[tuple[str, int]]] = {}
        self._heard: dict[socket.socket, bytes] = {}

    def wait(self, seconds: float) -> None:
        """Wait for a request, for at most so many seconds."""
        ready, _, _ = select.select([self._door, *self._wishes], [], [], seconds)
        for ready_socket in ready:
            if ready_socket is self._door:
                with contextlib.suppress(BlockingIOError):
                    new = self._door.accept()[0]
                    new.setblocking(False)
                    self._wishes[new], self._heard[new] = [], b""
            else:
                self._hear(ready_socket)

    def _hear(self, client: socket.socket) -> None:
        try:
            content = client.recv(1 << 16)
        except OSError:
            content = b""
        if not content:
            self._forget(client)
            return
        *lines, self._heard[client] = (self._heard[client] + content).split(b"\n")
        for line in lines:
            name, _, number = line.decode("ascii", "replace").partition(" ")
            if number.isdigit():
                self._wishes[client].append((name, int(number)))

    def confirm(self, positions: Mapping[str, int]) -> None:
        """positions: {journal: last number that the copy has}."""
        for client, wishes in list(self._wishes.items()):
            done = [w for w in wishes if positions.get(w[0], 0) >= w[1]]
            if not done:
                continue
            self._wishes[client] = [w for w in wishes if positions.get(w[0], 0) < w[1]]
            try:
                client.sendall(b"".join(b"%s %d\n" % (name.encode(), number) for name, number in done))
            except OSError:  # it does not read, or has ended; its requests time out there
                self._forget(client)

    def _forget(self, client: socket.socket) -> None:
        self._wishes.pop(client, None)
        self._heard.pop(client, None)
        client.close()

    def close(self) -> None:
        for open_socket in [self._door, *self._wishes]:
            open_socket.close()


class Confirmation:
    """The gateway's end, for one event loop: call it with journal and number, and await what it returns."""

    def __init__(self, data: Path, settings: Archive) -> None:
        self._data = data
        self._seconds = float(settings.standby_wait)
        self._alone = settings.without_standby == "local"
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task = self._loop.create_task(self._listen())
        self.gone = False

    def __call__(self, journal: str, number: int) -> asyncio.Future[None]:
        """Done when the copy has the record; fails with StandbyGone when that takes too long."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting[journal, number] = future
        self._ask([(journal, number)])
        self._loop.call_later(0.0 if self.gone and self._alone else self._seconds, self._give_up, journal, number)
        return future

    def _ask(self, wishes: list[tuple[str, int]]) -> None:
        if self._writer is not None and wishes:
            self._writer.write(b"".join(b"%s %d\n" % (name.encode(), number) for name, number in wishes))

    def _give_up(self, journal: str, number: int) -> None:
        future = self._waiting.pop((journal, number), None)
        if future is None or future.done():
            return
        if not self.gone:
            log.error("standby.gone", acknowledged="here alone" if self._alone else "nothing")
        self.gone = True
        if self._alone:
            future.set_result(None)
        else:
            future.set_exception(StandbyGone("The second place did not keep the message in time."))

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                with sockets.address(self._data, _NAME) as address:
                    reader, self._writer = await asyncio.open_unix_connection(address)
                self._ask(list(self._waiting))
                while line := await reader.readline():
                    self._heard(line)
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            await asyncio.sleep(AGAIN_SECONDS)

    def _heard(self, line: bytes) -> None:
        name, _, number = line.decode("ascii").strip().partition(" ")
        future = self._waiting.pop((name, int(number)), None)
        if self.gone:
            self.gone = False
            log.info("standby.back")
        if future is not None and not future.done():
            future.set_result(None)

    async def close(self) -> None:
        """Stop; pending futures are never done."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._writer is not None:
            self._writer.close()
