"""A town whose mail waits: a data folder, a clock that tests move, a next hop that does as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.config.settings import City, Courier, Settings
from civicmail.core.disk.tail import Tail
from civicmail.core.message.header_scan import content_hash
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import SPOOL_ABOVE, Writer
from civicmail.mail.archive.identity import capture_id, once_bits
from civicmail.mail.archive.records import Capture, Source, Type
from civicmail.mail.courier import deliver

T0 = 1_800_000_000_000
TEXT = b"From: ann@city.example\r\nTo: bob@out.example\r\nMessage-ID: <1@city.example>\r\nSubject: hello\r\n\r\nhello\r\n.dot\r\n"


@dataclass
class Received:
    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class NextHop:
    """An SMTP or LMTP server on loopback. answers: by command ("connect", "ehlo", "mail", "rcpt", "data", "."), a reply, or "drop"
    to hang up, or a function of the argument that gives one of them; what is not named is taken."""

    lmtp: bool = False
    offers: tuple[str, ...] = ("PIPELINING", "SIZE 100000000", "8BITMIME", "DSN")
    answers: dict[str, Any] = field(default_factory=dict)
    messages: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    tls: Any = None
    inject: bytes = b""
    _server: asyncio.Server | None = None

    async def start(self) -> NextHop:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()

    def __str__(self) -> str:
        return f"{'lmtp' if self.lmtp else 'smtp'}://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._session(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._say(writer, "connect", "", "220 sink.example"):
            return
        sender, recipients = "", list[str]()
        while line := (await reader.readline()).decode().strip():
            verb, _, argument = line.partition(" ")
            verb = verb.lower()
            self.commands.append(line)
            if verb in ("ehlo", "lhlo"):
                offers = [o for o in self.offers if o != "STARTTLS" or not writer.get_extra_info("ssl_object")]
                lines = ["250-sink.example", *(f"250-{o}" for o in offers), "250 OK"]
                if not self._say(writer, "ehlo", argument, "\r\n".join(lines)):
                    return
            elif verb == "starttls":
                writer.write(b"220 go\r\n" + self.inject)
                await writer.drain()
                plain = writer.transport
                try:
                    await writer.start_tls(self.tls)
                except AttributeError:  # the client hung up in the middle of it, and the standard library stumbles over that
                    writer._transport = plain  # type: ignore[attr-defined]  # so that it can be closed
                    raise ConnectionResetError from None
            elif verb == "mail":
                sender, recipients = argument[6:].partition(">")[0], []
                if not self._say(writer, "mail", argument, "250 2.1.0 Ok"):
                    return
            elif verb == "rcpt":
                address = argument[4:].partition(">")[0]
                answer = self._answer("rcpt", address, "250 2.1.5 Ok")
                if answer.startswith("2"):
                    recipients.append(address)
                if not self._say(writer, "rcpt", address, answer):
                    return
            elif verb == "data":
                if not self._say(writer, "data", "", "354 go"):
                    return
                if not self._answer("data", "", "354 go").startswith("354"):
                    continue
                content = await reader.readuntil(b"\r\n.\r\n")
                message = Received(sender, recipients, content[:-3].replace(b"\r\n..", b"\r\n."))
                answers = [self._answer(".", r, "250 2.0.0 Ok") for r in (recipients if self.lmtp else [""])]
                if any(a.startswith("2") for a in answers) or "drop" in answers:
                    self.messages.append(message)
                if not all(self._say(writer, "reply", "", answer) for answer in answers):
                    return
            elif verb == "quit":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 Ok\r\n")
            await writer.drain()

    def _answer(self, command: str, argument: str, default: str) -> str:
        answer = self.answers.get(command, default)
        return answer(argument) if callable(answer) else answer

    def _say(self, writer: asyncio.StreamWriter, command: str, argument: str, default: str) -> bool:
        answer = default if command in ("reply", "rcpt") else self._answer(command, argument, default)
        if answer == "drop":
            return False
        writer.write(f"{answer}\r\n".encode())
        return not answer.startswith("421")


class Town:
    """A data folder with mail for the courier."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.now = T0
        self.settings = Settings(city=City(domains=["city.example"]))
        self.writer: Writer | None = None
        self.kept: dict[bytes, bytes] = {}

    def clock(self) -> int:
        return self.now

    def use(self, **courier: Any) -> None:
        self.settings = Settings(city=City(domains=["city.example"]), courier=Courier(timeout=30, **courier))

    def keep(
        self,
        *to: str | Recipient,
        sender: str = "ann@city.example",
        kind: str = "relay",
        text: bytes = TEXT,
        do: str = "deliver",
        rules: tuple[str, ...] = (),
        findings: tuple[Finding, ...] = (),
        facts: dict[str, Any] | None = None,
        once: str = "",
        params: dict[str, str] | None = None,
        message_id: str = "<1@city.example>",
    ) -> bytes:
        """A message is accepted; its capture id."""
        self.writer = self.writer or Writer(self.data, self.clock)
        recipients = tuple(Recipient(a) if isinstance(a, str) else a for a in to or ("bob@out.example",))
        envelope = Envelope(sender, recipients, self.now, "192.0.2.7", "client.example", "esmtp", "", "", params or {})
        id_ = capture_id(self.now, once_bits(once) if once else None)
        sha256, spool = hashlib.sha256(text).digest(), None
        if len(text) > SPOOL_ABOVE:
            spool = self.writer.spool(id_)
            spool.write(text)
            sha256 = spool.finish()
        dispositions = tuple(Disposition(i, do, rules) for i in range(len(recipients)))  # type: ignore[arg-type]
        self.writer.receipt(
            Capture(
                id=id_, received=self.now, sha256=sha256, size=len(text), content_hash=content_hash(text), source=Source(kind),
                envelope=envelope, dispositions=dispositions, findings=findings, message_id=message_id, once=once,
                facts=facts or {},
            ),
            spool or text,
        )  # fmt: skip
        self.writer.flush()
        self.kept[id_] = text
        return id_

    async def submit(self, content: bytes, envelope: Envelope, source: Source, once: str) -> None:
        """The pipeline's place."""
        to = [r.address for r in envelope.recipients]
        self.keep(*to, sender=envelope.sender, kind=source.kind, text=content, once=once, message_id="<d>")

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def records(self, id_: bytes | None = None) -> list[dict[str, Any]]:
        """The heads of all records, or of those about one capture, journal by journal."""
        tail, heads = Tail(self.data), list[dict[str, Any]]()
        while found := tail.poll():
            heads += [orjson.loads(r.head) for r in found if r.type <= Type.CANCELLED and id_ in (None, r.id)]
        return heads

    def events(self, id_: bytes) -> list[str]:
        return [h["type"] for h in self.records(id_) if h["type"] != "receipt"]

    def facts(self, id_: bytes, kind: str) -> list[dict[str, Any]]:
        return [h["facts"] for h in self.records(id_) if h["type"] == kind]

    @contextlib.asynccontextmanager
    async def courier(self) -> AsyncIterator[None]:
        """The courier at work."""
        stop = asyncio.Event()
        task = asyncio.create_task(deliver.run(self.settings, self.data, stop, self.submit, self.clock))
        try:
            yield
        finally:
            stop.set()
            await task

    async def until(self, condition: Callable[[], object], seconds: float = 40) -> None:
        """Wait for what must come true by itself."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    async def later(self, condition: Callable[[], object], step: int = 61_000) -> None:
        """Wait for what comes true as time goes by."""

        def passes() -> bool:
            self.now += step
            return bool(condition())

        await self.until(passes)

    async def ends(self, *ids: bytes) -> None:
        """Wait until every recipient of these captures has an end."""

        def all_ended() -> bool:
            heads = self.records()
            for id_ in ids:
                mine = [h for h in heads if h["id"] == str(uuid.UUID(bytes=id_))]
                wanted = {d["to"] for h in mine if h["type"] == "receipt" for d in h["dispositions"]}
                if wanted - {i for h in mine if h["type"] in ("delivered", "failed", "cancelled") for i in h["to"]}:
                    return False
            return True

        await self.until(all_ended)

    def mailbox(self, local: str) -> list[bytes]:
        box = self.data / "maildir" / "city.example" / local
        return [p.read_bytes() for folder in ("new", "cur") for p in sorted((box / folder).glob("*"))]


@pytest.fixture
def town(tmp_path: Path):
    town = Town(tmp_path)
    yield town
    town.close()


@pytest.fixture
def next_hop() -> Callable[..., Awaitable[NextHop]]:
    async def make(**kw: Any) -> NextHop:
        return await NextHop(**kw).start()

    return make
