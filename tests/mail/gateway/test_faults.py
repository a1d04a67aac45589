"""Our own faults and a full disk are 4xx without a word of what they are; slow and too many clients are let go (promises 1, 6)."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config.errors import RefusedError
from civicmail.core.config.settings import Listener
from civicmail.core.disk.files import File, Files
from civicmail.mail.gateway import limits, serve
from civicmail.mail.gateway.errors import CannotListen
from mail.gateway.running import Client, Running, kept, running, settings_for, spool_files


class FailingFile(File):
    """Writes fail with `error` once their path has `part` in it and the switch is on."""

    def __init__(self, path: Path, fd: int, owner: FailingFiles) -> None:
        super().__init__(path, fd)
        self.owner = owner

    def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        if self.owner.on and self.owner.part in str(self.path):
            raise OSError(self.owner.error, "a secret of the disk")
        return super().write_at(offset, chunks)


class FailingFiles(Files):
    def __init__(self, part: str, error: int) -> None:
        super().__init__()
        self.part, self.error, self.on = part, error, False

    def open(self, path: Path, *, create: bool = False) -> File:
        opened = super().open(path, create=create)
        file = FailingFile(path, opened.fd, self)
        opened.fd = -1
        return file


@pytest.mark.parametrize(
    ("part", "error", "reply"),
    [
        (".log", errno.ENOSPC, "452 4.3.1 "),
        (".log", errno.EIO, "451 4.3.0 "),
        ("spool", errno.ENOSPC, "452 4.3.1 "),
        ("spool", errno.EIO, "451 4.3.0 "),
    ],
)
def test_a_disk_that_fails_is_4xx_and_the_next_message_is_kept(part: str, error: int, reply: str, data: Path) -> None:
    files = FailingFiles(part, error)
    body = b"x" * 998 + b"\r\n"
    with running(data, files=files) as run, Client(run.port) as client:
        files.on = True
        client.to_data()
        client.send(body * (2500 if part == "spool" else 5) + b".\r\n")
        heard = client.reply()
        assert heard.startswith(reply) and "secret" not in heard
        files.on = False
        client.say(b"MAIL FROM:<>", b"RCPT TO:<b@city.example>", b"DATA")
        client.send(b"second\r\n.\r\n")
        assert client.reply().startswith("250 ")
        assert [b for _, b in kept(data)] == [b"second\r\n"]
        run.wait_for(lambda: not spool_files(data))
        assert run.counters.deferred == 1


def test_two_failures_within_a_minute_stop_the_gateway(data: Path) -> None:
    files = FailingFiles(".log", errno.EIO)
    with running(data, files=files) as run, Client(run.port) as client:
        client.to_data()
        files.on = True
        client.send(b"x\r\n.\r\n")
        assert client.reply().startswith("451 ")
        client.say(b"MAIL FROM:<>", b"RCPT TO:<b@city.example>", b"DATA")
        client.send(b"x\r\n.\r\n")
        assert client.reply().startswith("451 ")
        run.wait_for(run.gateway.broken.is_set)


def break_pipeline(run: Running, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def accept(*_: object, **_more: object) -> Any:
        raise error

    monkeypatch.setattr(run.gateway.gate.pipeline, "accept", accept)


@pytest.mark.rule("P-23, promise 6", "Our own faults are answered 4xx, without a word of what they are.")
@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (RuntimeError("db password=hunter2"), "451 4.3.0 Local error, please try again later"),
        (RefusedError("no"), "550 5.7.1 Refused by policy"),
    ],
)
def test_an_exception_is_never_told(error: Exception, reply: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(data, settings_for(Listener(kind="lmtp", port=0))) as run, Client(run.port) as client:
        break_pipeline(run, monkeypatch, error)
        client.to_data(b"a@city.example", b"b@city.example", hello=b"LHLO edge")
        client.send(b"x\r\n.\r\n")
        assert [client.reply(), client.reply()] == [reply, reply]
        assert client.say(b"NOOP") == "250 2.0.0 Ok"


def test_a_fault_between_the_messages_closes_with_421(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise RuntimeError("secret")

    with running(data) as run, Client(run.port) as client:
        monkeypatch.setattr(limits.Space, "has_room", fail)
        client.reply()
        client.say(b"HELO x")
        assert client.say(b"MAIL FROM:<>") == "421 4.3.0 Local error, please try again later"
        assert client.reply() == "" and run.counters.faults == 1


@pytest.mark.rule("P-23, promise 6", "Below the watermark of free space the answer at MAIL is 452.")
def test_below_the_watermark_mail_is_told_to_come_later(data: Path) -> None:
    with running(data, settings_for(min_free=1 << 60)) as run, Client(run.port) as client:
        client.reply()
        client.say(b"HELO x")
        assert client.say(b"MAIL FROM:<a@out.example>").startswith("452 4.3.1 ")
        assert client.say(b"DATA").startswith("503 ")


def test_too_many_connections_are_sent_away(data: Path) -> None:
    with running(data, settings_for(max_per_address=1)) as run:
        with Client(run.port) as first:
            assert first.reply().startswith("220")
            with Client(run.port) as second:
                assert second.reply().startswith("421 4.7.0 ") and second.reply() == ""
        run.wait_for(lambda: run.counters.open == 0)
        with Client(run.port) as third:
            assert third.reply().startswith("220")


def sweep(run: Running, seconds: float) -> None:
    """What the gateway does once a second, at a later time."""
    later = run.loop.time() + seconds
    run.call(lambda: [conversation.sweep(later) for conversation in list(run.gateway.gate.conversations)])


def test_a_client_without_progress_is_let_go(data: Path) -> None:
    with running(data) as run, Client(run.port) as idle, Client(run.port) as stuck:
        idle.reply()
        stuck.to_data()
        stuck.send(b"x\r\n")
        run.wait_for(lambda: run.gateway.gate.conversations and any(c._intake for c in run.gateway.gate.conversations))
        sweep(run, 299)
        assert run.counters.timeouts == 1  # stuck: one line in the first minute of DATA is no progress
        assert stuck.reply().startswith("421 4.4.2 ") and stuck.reply() == ""
        assert idle.say(b"NOOP") == "250 2.0.0 Ok"
        sweep(run, 301)
        assert idle.reply().startswith("421 4.4.2 ") and idle.reply() == ""
        assert kept(data) == []


def test_a_client_waits_for_us_as_long_as_it_takes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(data) as run, Client(run.port) as client:
        gate, go = run.gateway.gate, run.call(asyncio.Event)
        accept = gate.pipeline.accept

        async def slowly(*arguments: Any, **named: Any) -> Any:
            await go.wait()
            return await accept(*arguments, **named)

        monkeypatch.setattr(gate.pipeline, "accept", slowly)
        client.to_data()
        client.send(b"x\r\n.\r\nNOOP\r\n")
        run.wait_for(lambda: bool(gate.tasks))
        sweep(run, 10_000)
        run.call(go.set)
        assert client.reply().startswith("250 2.0.0 Ok archived=") and client.reply() == "250 2.0.0 Ok"


def test_a_stop_lets_the_message_finish_and_tells_the_idle(data: Path) -> None:
    with running(data) as run, Client(run.port) as busy, Client(run.port) as idle:
        idle.reply()
        busy.to_data()
        busy.send(b"half\r\n")
        run.wait_for(lambda: any(c._intake for c in run.gateway.gate.conversations))
        stopping = asyncio.run_coroutine_threadsafe(run.gateway.stop(), run.loop)
        assert idle.reply().startswith("421 4.3.2 ") and idle.reply() == ""
        busy.send(b"whole\r\n.\r\n")
        assert busy.reply().startswith("250 2.0.0 Ok archived=")
        assert busy.reply().startswith("421 4.3.2 ") and busy.reply() == ""
        stopping.result(60)
        assert [body for _, body in kept(data)] == [b"half\r\nwhole\r\n"]
        with pytest.raises(ConnectionRefusedError):
            Client(idle.port)


def test_a_stop_does_not_wait_for_ever(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "DRAIN", 0.05)
    with running(data) as run, Client(run.port) as stuck:
        stuck.to_data()
        run.stop()
        assert stuck.reply() == "" and run.counters.lost_in_data == 1


def test_a_port_that_is_taken_is_for_the_supervisor_to_try_again(data: Path) -> None:
    with running(data) as run:

        async def start() -> None:
            settings = settings_for(Listener(port=0), Listener(address="198.51.100.1", port=2525))
            await serve.Gateway(settings, data).start()

        with pytest.raises(CannotListen) as problem:
            asyncio.run_coroutine_threadsafe(start(), run.loop).result(60)
        assert problem.value.exit_code == 5


def test_serving_ends_when_it_is_told_to(data: Path) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        await serve.serve_until(settings_for(), data, stop)

    asyncio.run(main())
