"""A real gateway on loopback ports, in a thread of its own, for tests that speak to it with real clients."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvloop

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import City, Gateway, Listener, Screening, Settings
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.gateway import serve
from civicmail.mail.gateway.counters import Counters


def settings_for(*listeners: Listener, **gateway: Any) -> Settings:
    listeners = listeners or (Listener(kind="mx", port=0),)
    gateway = {"min_free": 0, **gateway}
    return Settings(
        city=City(domains=["city.example", "parks.example"]),
        gateway=Gateway(listener=list(listeners), **gateway),
        screening=Screening(checks=[]),
    )


@dataclasses.dataclass
class Running:
    """gateway runs in its own thread; `call` runs a function there and waits."""

    gateway: serve.Gateway
    data: Path
    loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> int:
        return self.gateway.ports[0]

    @property
    def counters(self) -> Counters:
        return self.gateway.gate.counters

    def call(self, function: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(60)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Until the gateway's thread has come so far; no fixed sleeps, and an error after a minute."""

        async def look() -> None:
            while not condition():
                await asyncio.sleep(0.002)

        asyncio.run_coroutine_threadsafe(asyncio.wait_for(look(), 60), self.loop).result(70)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.gateway.stop(), self.loop).result(30)


@contextlib.contextmanager
def running(
    data: Path, settings: Settings | None = None, files: Files = OS_FILES, clock: Callable[[], int] = now_ms
) -> Iterator[Running]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> serve.Gateway:
        gateway = serve.Gateway(settings or settings_for(), data, clock=clock, files=files)
        await gateway.start()
        return gateway

    try:
        run = Running(asyncio.run_coroutine_threadsafe(start(), loop).result(60), data, loop)
        try:
            yield run
        finally:
            if run.gateway.ports:
                run.stop()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


class Client:
    """A client that sends exactly what it is told and reads whole replies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self._buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> str:
        """The next whole reply, its lines joined; "" at the end of the connection."""
        lines = []
        while True:
            while b"\r\n" not in self._buffer:
                try:
                    received = self.socket.recv(65536)
                except ConnectionResetError:
                    received = b""
                if not received:
                    return ""
                self._buffer += received
            line, _, self._buffer = self._buffer.partition(b"\r\n")
            lines.append(line.decode())
            if line[3:4] == b" ":
                return "\n".join(lines)

    def say(self, *commands: bytes) -> str:
        """Send commands one by one; the last reply."""
        last = ""
        for command in commands:
            self.send(command + b"\r\n")
            last = self.reply()
        return last

    def to_data(self, *recipients: bytes, hello: bytes = b"EHLO client.example") -> None:
        """As far as DATA, everything accepted."""
        assert self.reply().startswith("220")
        assert self.say(hello).startswith("250")
        assert self.say(b"MAIL FROM:<ann@out.example>").startswith("250")
        for recipient in recipients or (b"bob@city.example",):
            assert self.say(b"RCPT TO:<%s>" % recipient).startswith("250")
        assert self.say(b"DATA").startswith("354")


def kept(data: Path) -> list[tuple[Capture, bytes]]:
    """Every capture in the journals with its bytes, checked against what its head says."""
    found = []
    for record in Tail(data).poll():
        if record.type == Type.RECEIPT:
            capture, body = Capture.from_head(record.head), body_of(record)
            assert hashlib.sha256(body).digest() == capture.sha256 == record.sha256 and len(body) == capture.size
            found.append((capture, body))
    return found


def body_of(record: Record) -> bytes:
    return record.spool.read_bytes() if record.spool else record.body


def spool_files(data: Path) -> list[Path]:
    return sorted((data / "journal").glob("*/spool/*"))
