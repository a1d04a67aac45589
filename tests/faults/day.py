"""A short day of a small city, played against any file port: mail in, evidence, delivery, sealing, and again.

The day says what it promised to others while it goes on (`told`): from that moment on nothing may take it back. It is played in
a process of its own where it is killed, and in this one where its operations are recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.settings import City, Courier, Settings
from civicmail.core.disk.files import Files
from civicmail.core.disk.tail import Tail, adopt
from civicmail.core.ledger import sequencer
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline
from faults.recording import Died, RecordingFiles

FILE_SIZE = 16_384  # so that a day of a few messages fills, closes and seals several journal files
START = 1_772_452_800_000  # 2026-03-02 12:00 UTC


@dataclass(frozen=True, slots=True)
class Told:
    """A message that somebody was told is kept. local: it must come to a mailbox of ours; else to the next hop."""

    id: bytes
    sha256: bytes
    to: str
    local: bool


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that may have been shown to an outsider: it can never be unsaid."""

    size: int
    note: str


class Clock:
    """Goes on by a fixed step at each look, so that a day is the same day every time."""

    def __init__(self, start: int = START) -> None:
        self.now = start

    def __call__(self) -> int:
        self.now += 7
        return self.now


@dataclass
class Hop:
    """A next hop on loopback that takes everything and remembers it: outside of the disk that loses power."""

    got: list[bytes] = field(default_factory=list)
    mark: Callable[[], int] = lambda: 0
    marks: list[int] = field(default_factory=list)
    heard: Callable[[bytes], None] = lambda content: None
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hop.example ESMTP\r\n")
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    content = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                    self.marks.append(self.mark())
                    self.got.append(content)
                    self.heard(content)
                    writer.write(b"250 2.0.0 taken\r\n")
                elif verb == b"EHLO":
                    writer.write(b"250 hop.example\r\n")
                elif verb == b"QUIT":
                    break
                else:
                    writer.write(b"250 2.0.0 fine\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        return server


def settings_for(port: int) -> Settings:
    return Settings(city=City(domains=["city.example"]), courier=Courier(outbound=f"smtp://127.0.0.1:{port}", tls="off"))


def message(chance: random.Random, to: str, size: int = 0) -> bytes:
    """A message with an identity of its own; size: bytes of padding."""
    name = f"{chance.getrandbits(64):016x}"
    body = "".join(f"{chance.getrandbits(256):064x}\r\n" for _ in range(6)) + "x" * size
    return (
        f"From: a@out.example\r\nTo: {to}\r\nSubject: day {name}\r\nMessage-ID: <{name}@out.example>\r\n\r\n{body}\r\n"
    ).encode()


class Day:
    """files: the port under test; told: called with each promise at the moment it is made."""

    def __init__(self, data: Path, files: Files, hop: Hop, told: Callable[[Told | Published], None], seed: int = 0) -> None:
        self.data = data
        self.files = files
        self.hop = hop
        self.told = told
        self.clock = Clock()
        self.chance = random.Random(seed)

    async def play(self) -> None:
        """All steps of the day; each is a process of its own, and where one dies the next one begins."""
        steps: list[Callable[[], Coroutine[None, None, None]]] = [
            lambda: self.mail_in(local=3, outside=2, large=1, again=True),
            self.evidence,
            self.deliver,
            lambda: self.mail_in(local=4, outside=1),
            lambda: self.evidence(checkpoint=True),
            self.seal,
            lambda: self.mail_in(local=2, outside=1, large=1),
            self.deliver,
            lambda: self.evidence(checkpoint=True),
            self.seal,
            lambda: self.mail_in(local=2, outside=0),
        ]
        asyncio.get_running_loop().set_exception_handler(lambda _, context: None)  # the last words of those who died
        for step in steps:
            try:
                await step()
            except Died:
                self.bury()
                await step()  # the supervisor starts it again
            except CivicmailError as error:  # said in words; the next process tries again
                assert error.exit_code != 70, repr(error)
            except OSError as error:  # the loop of the job logs it and tries again
                assert error.errno in {errno.ENOSPC, errno.EIO}, repr(error)

    @property
    def died(self) -> bool:
        """Whether the process of this moment was killed in one of its threads."""
        return isinstance(self.files, RecordingFiles) and self.files.dead

    def bury(self) -> None:
        """What the kernel does for a process that was killed: its locks go. The next takes up what it left, and relies on it."""
        if isinstance(self.files, RecordingFiles):
            self.files.next_process()
        for fd in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                target = fd.readlink()
                if target.is_relative_to(self.data) and (target.name == "lock" or target.parent.name == "leases"):
                    os.close(int(fd.name))
        adopt(self.data, files=self.files)
        self.relied_on()
        for record in Tail(self.data).poll(1 << 20):
            if record.type == Type.RECEIPT:
                to = Capture.from_head(record.head).envelope.recipients[0].address
                self.told(Told(record.id, record.sha256, to, to.endswith("@city.example")))

    def relied_on(self) -> None:
        """What was taken up is about to be a promise."""

    # -- the parts of a day

    def commit(self) -> GroupCommit:
        return GroupCommit(Writer(self.data, self.clock, self.files, FILE_SIZE))

    async def mail_in(self, *, local: int, outside: int, large: int = 0, again: bool = False) -> None:
        """A gateway process from start to end: messages that come at the same time share their syncs."""
        commit = self.commit()
        pipeline = Pipeline(commit)
        try:
            await asyncio.gather(
                *(self._accept(pipeline, f"p{n}@city.example", "mx") for n in range(local)),
                *(self._accept(pipeline, f"q{n}@far.example", "relay") for n in range(outside)),
            )
            for _ in range(large):
                await self._accept_large(pipeline, "large@city.example")
            if again:
                await self._again(pipeline)
        except Died:
            raise  # nothing is closed
        except BaseException:
            await commit.close()
            raise
        await commit.close()

    async def _accept(self, pipeline: Pipeline, to: str, kind: str) -> None:
        content = message(self.chance, to)
        await self._keep(pipeline, content, to, kind)

    async def _again(self, pipeline: Pipeline) -> None:
        """A client that did not hear our answer sends the same message once more."""
        content = message(self.chance, "again@city.example")
        for _ in range(2):
            await self._keep(pipeline, content, "again@city.example", "mx")

    async def _keep(self, pipeline: Pipeline, content: bytes, to: str, kind: str) -> None:
        envelope = Envelope("a@out.example", (Recipient(to),), self.clock())
        try:
            receipt = await pipeline.accept(content, envelope, Source(kind))
        except LaterError:
            return  # the client was told to come again: nothing was promised
        self.told(Told(receipt.id, receipt.sha256, to, to.endswith("@city.example")))

    async def _accept_large(self, pipeline: Pipeline, to: str) -> None:
        content = message(self.chance, to, 40_000)
        now = self.clock()
        try:
            spool = pipeline.commit.writer.spool(capture_id(now))
            for start in range(0, len(content), 16_384):
                spool.write(content[start : start + 16_384])
            receipt = await pipeline.accept(spool, Envelope("a@out.example", (Recipient(to),), now), Source("mx"))
        except LaterError:
            return
        self.told(Told(receipt.id, receipt.sha256, to, local=True))

    async def evidence(self, *, checkpoint: bool = False) -> None:
        with Sequencer(self.data, self.files) as ledger:
            ledger.integrate(self.clock())
            if not checkpoint:
                return
            signed = ledger.checkpoint(self.clock())
            self.told(Published(signed.size, signed.note))
            writer = Writer(self.data, self.clock, self.files, FILE_SIZE)
            writer.event(Event(Type.CHECKPOINT, bytes(16), self.clock(), facts=signed.facts))
            writer.flush()
            writer.close()
            ledger.integrate(self.clock())

    async def seal(self) -> None:
        covered = outstanding_file.advance(self.data, self.clock(), self.files)
        integrated, there = sequencer.positions(self.data), self.there()

        def passed() -> Mapping[str, int]:
            here = {name: min(covered.get(name, 0), integrated.get(name, 0)) for name in covered}
            return here if there is None else {name: min(last, there.get(name, 0)) for name, last in here.items()}

        with Sealer(self.data, self.files) as sealer:
            sealer.seal(passed, now=self.clock())

    def there(self) -> Mapping[str, int] | None:
        """What a second place has, where there is one: nothing is sealed before it was sent."""
        return None

    async def deliver(self) -> None:
        """A courier process until nobody waits."""
        adopt(self.data, files=self.files)  # else "nobody waits" would not yet see what a dead owner left
        server = await self.hop.listen()
        stop = asyncio.Event()
        courier = asyncio.create_task(
            deliver.run(settings_for(self.hop.port), self.data, stop, self._no_reports, self.clock, self.files)
        )
        try:
            for _ in range(1000):
                await asyncio.sleep(0.004)
                if courier.done() or self.died or not self._is_due():
                    break
        finally:
            stop.set()
            try:
                await courier
            finally:  # the next hop is another machine: it does not die with the courier
                server.close()
        if self.died:
            raise Died

    def _is_due(self) -> bool:
        """Whether a copy waits that could be tried now."""
        entries = outstanding_file.current(self.data).entries.values()
        return any(e.copies[i].due <= self.clock.now for e in entries for i in e.waiting)

    async def _no_reports(self, content: bytes, envelope: Envelope, source: Source, once: str) -> None:
        raise AssertionError("no report is owed to outsiders")


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
