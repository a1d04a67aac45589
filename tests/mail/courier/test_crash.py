"""Between attempt and outcome: nothing is lost, and what may be delivered twice says so (promise 1, P-23)."""

from __future__ import annotations

import asyncio
import errno
import shutil
import uuid
from pathlib import Path

import pytest

from civicmail.core.disk.files import OS_FILES, File, Files
from civicmail.core.disk.lease import is_held, lease_path
from civicmail.mail.archive.outstanding_file import advance, current
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier import deliver

AGAIN = {"redelivered": "outcome unknown"}


def test_an_attempt_without_outcome_is_made_again_and_says_why(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        id_ = town.keep()
        town.writer.event(Event(Type.ATTEMPT, id_, town.now, (0,), {"hop": str(hop), "try": 1}))
        town.writer.flush()  # and here the courier died
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        facts = {"hop": str(hop), "try": 2} | AGAIN
        assert facts in town.facts(id_, "attempt") and len(hop.messages) == 1

    asyncio.run(story())


def test_a_hop_that_hangs_up_after_the_dot_leaves_it_open_and_the_next_attempt_says_so(town, next_hop):
    async def story():
        hop = await next_hop(answers={".": "drop"})
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(id_))
            hop.answers.clear()
            town.now += 61_000
            await town.ends(id_)
        await hop.stop()
        (deferred,) = town.facts(id_, "deferred")
        assert deferred["unknown"] == 1 and "outcome unknown" in deferred["reply"]
        first, second = town.facts(id_, "attempt")
        assert "redelivered" not in first and second["redelivered"] == "outcome unknown"
        assert len(hop.messages) == 2

    asyncio.run(story())


def test_421_as_the_answer_to_the_dot_is_an_answer(town, next_hop):
    async def story():
        hop = await next_hop(answers={".": "421 4.3.2 going down"})
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(id_))
        await hop.stop()
        (deferred,) = town.facts(id_, "deferred")
        assert deferred["reply"] == "421 4.3.2 going down" and "unknown" not in deferred

    asyncio.run(story())


def test_the_end_of_the_courier_waits_for_what_is_under_way_and_no_longer(town, next_hop, monkeypatch):
    monkeypatch.setattr(deliver, "DRAIN_SECONDS", 0.2)

    async def story():
        silent = await next_hop(answers={".": ""})  # takes the message and says nothing that ends
        silent.answers["."] = lambda _: "250-wait"
        town.use(outbound=str(silent))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: silent.messages)
        await silent.stop()
        assert town.events(id_) == ["attempt"]
        hop = await next_hop()
        town.use(outbound=str(hop))
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        assert town.facts(id_, "attempt")[-1] | AGAIN == town.facts(id_, "attempt")[-1]

    asyncio.run(story())


def test_a_drain_lets_an_open_transfer_finish(town, next_hop):
    async def story():
        gate = asyncio.Event()
        hop = await next_hop()
        town.use(outbound=str(hop))
        id_ = town.keep()
        content = hop._session

        async def slow(reader, writer):
            await content(reader, writer)

        hop._session = slow
        stop = asyncio.Event()
        task = asyncio.create_task(deliver.run(town.settings, town.data, stop, town.submit, town.clock))
        hop.answers["."] = lambda _: stop.set() or gate.set() or "250 2.0.0 just in time"
        await gate.wait()
        await task
        await hop.stop()
        assert town.events(id_) == ["attempt", "delivered"]

    asyncio.run(story())


@pytest.mark.rule("P-06, promise 1", "A message in a mailbox is not delivered there again.")
@pytest.mark.parametrize("folder", ["new/{}", "cur/{}:2,S"])
def test_what_lies_in_the_mailbox_without_a_record_is_not_put_there_again(town, folder):
    async def story():
        id_ = town.keep("bob@city.example")
        box = town.data / "maildir" / "city.example" / "bob"
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True)
        (box / folder.format(uuid.UUID(bytes=id_))).write_bytes(b"from before the crash")
        (box / "tmp" / str(uuid.UUID(bytes=id_))).write_bytes(b"half")
        async with town.courier():
            await town.ends(id_)
        assert town.mailbox("bob") == [b"from before the crash"]
        assert "already" in town.facts(id_, "delivered")[0]["reply"]

    asyncio.run(story())


def test_a_half_written_file_is_written_anew(town):
    async def story():
        id_ = town.keep("bob@city.example")
        tmp = town.data / "maildir" / "city.example" / "bob" / "tmp"
        tmp.mkdir(parents=True)
        (tmp / str(uuid.UUID(bytes=id_))).write_bytes(b"half")
        async with town.courier():
            await town.ends(id_)
        assert len(town.mailbox("bob")) == 1 and not list(tmp.iterdir())

    asyncio.run(story())


def test_a_courier_that_starts_from_a_snapshot_forgets_nobody(town, next_hop):
    async def story():
        hop = await next_hop(answers={"mail": "451 later"})
        town.use(outbound=str(hop))
        first = town.keep()
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(first))
        advance(town.data, town.now)
        second = town.keep(text=b"Subject: 2\r\n\r\n")
        hop.answers.clear()
        town.now += 61_000
        async with town.courier():
            await town.ends(first, second)
        await hop.stop()
        assert len(hop.messages) == 2 and current(town.data).entries == {}

    asyncio.run(story())


class FullDisk(Files):
    """A volume on which mailboxes have no room."""

    full = True

    def open(self, path: Path, *, create: bool = False) -> File:
        if self.full and "maildir" in path.parts:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().open(path, create=create)


def test_our_own_full_disk_defers_for_as_long_as_it_takes_and_never_fails(town):
    async def story():
        files, stop = FullDisk(), asyncio.Event()
        id_ = town.keep("bob@city.example")
        task = asyncio.create_task(deliver.run(town.settings, town.data, stop, town.submit, town.clock, files))
        await town.until(lambda: "deferred" in town.events(id_))
        town.now += 30 * 86_400_000
        await town.until(lambda: town.events(id_).count("deferred") == 2)
        files.full = False
        town.now += 3_600_000
        await town.ends(id_)
        stop.set()
        await task
        assert town.facts(id_, "deferred")[0]["reply"] == "4.3.0 our fault: No space left on device"
        assert len(town.mailbox("bob")) == 1

    asyncio.run(story())


class NoRecords(Files):
    """A journal volume that can be made to fail."""

    broken = False

    def open(self, path: Path, *, create: bool = False) -> File:
        if self.broken and path.suffix == ".log":
            raise OSError(errno.EIO, "Input/output error")
        file = OS_FILES.open(path, create=create)
        if path.suffix == ".log":
            sync = file.sync
            file.sync = lambda: sync() if not self.broken else (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error"))
        return file


def test_no_final_dot_without_a_durable_attempt(town, next_hop, monkeypatch):
    monkeypatch.setattr("civicmail.mail.courier.remote._PAUSE_SECONDS", 0.05)

    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        files, stop = NoRecords(), asyncio.Event()
        task = asyncio.create_task(deliver.run(town.settings, town.data, stop, town.submit, town.clock, files))
        await town.until(lambda: is_held(lease_path(town.data, "courier")))
        files.broken = True
        id_ = town.keep()
        await town.until(lambda: sum(c.startswith("DATA") for c in hop.commands) >= 3)
        assert not hop.messages and town.events(id_) == []
        files.broken = False
        await town.ends(id_)
        stop.set()
        await task
        await hop.stop()
        assert len(hop.messages) == 1

    asyncio.run(story())


def test_bytes_that_are_not_what_was_received_never_leave(town, next_hop):
    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        id_ = town.keep(text=b"Subject: x\r\n\r\n" + b"x" * (1 << 21) + b"\r\n")
        (spool,) = (town.data / "journal").glob("*/spool/*")
        with spool.open("r+b") as h:
            h.seek(1 << 20)
            h.write(b"y")
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(id_))
        await hop.stop()
        assert not hop.messages and "SHA-256" in town.facts(id_, "deferred")[0]["reply"]

    asyncio.run(story())


def test_a_bug_ends_the_courier_and_the_next_one_finds_every_copy_again(town, monkeypatch):
    from civicmail.mail.courier.local import Local

    async def story():
        id_ = town.keep("bob@city.example")
        with monkeypatch.context() as patched:
            patched.setattr(Local, "deliver", lambda self, jobs: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await deliver.run(town.settings, town.data, asyncio.Event(), town.submit, town.clock)
        async with town.courier():
            await town.ends(id_)
        assert len(town.mailbox("bob")) == 1

    asyncio.run(story())


def test_a_mailbox_that_somebody_removed_is_made_again(town):

    async def story():
        first = town.keep("bob@city.example")
        async with town.courier():
            await town.ends(first)
            shutil.rmtree(town.data / "maildir")
            second = town.keep("bob@city.example", text=b"Subject: 2\r\n\r\n")
            await town.until(lambda: "deferred" in town.events(second))
            town.now += 61_000
            await town.ends(second)
        assert len(town.mailbox("bob")) == 1

    asyncio.run(story())


def test_a_clock_that_is_set_back_keeps_nobody_waiting_for_it(town, next_hop):
    async def story():
        hop = await next_hop(answers={"connect": "drop"})
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: hop.connections)
            hop.answers.clear()
            town.now -= 86_400_000
            await town.later(lambda: hop.messages, 100)
            await town.ends(id_)
        await hop.stop()

    asyncio.run(story())
