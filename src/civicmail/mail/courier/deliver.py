"""The loop of the worker `courier`, which alone delivers mail.

The holder of the lease `courier` follows all journals and alone makes attempts. At the end it begins no new attempt, and attempts
in progress have ten seconds; the next courier repeats unfinished ones, and their records say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk import journal
from civicmail.core.disk.changes import Changes
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.free_space import Room
from civicmail.core.disk.lease import Lease, is_held, lease_path
from civicmail.core.disk.metrics import Meter
from civicmail.core.disk.tail import adopt, last_frame
from civicmail.core.message.model import Envelope
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.courier.archived_message import Store
from civicmail.mail.courier.delivery_outcome import is_own, outcomes
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from civicmail.mail.courier.jobs import Job, Lane
from civicmail.mail.courier.local import NO_ROOM, HandedOver, Local
from civicmail.mail.courier.marking import CopyMarker
from civicmail.mail.courier.remote import Remote
from civicmail.mail.courier.reports import Reports
from civicmail.mail.courier.secure_delivery import SecureDelivery
from civicmail.mail.courier.signer import Signer

log = get_logger()

Submit = Callable[[bytes, Envelope, Source, str], Awaitable[object]]
"""The pipeline's accept: content, envelope, source, once-key."""

POLL_SECONDS = 0.05
WATCHED_SECONDS = 0.5
"""Between two looks at the journals at most, and where their changes are told."""
SPACE_SECONDS = 0.05
"""Between two looks at the journals at least, unless one left something over."""
DRAIN_SECONDS = 10.0
_BATCH = 256
_CARE_SECONDS = 60.0
_RECOVERY_SECONDS = 30.0


async def run(
    settings: Settings, data: Path, stop: asyncio.Event, submit: Submit, clock: Callable[[], int], files: Files = OS_FILES
) -> None:
    """Deliver until stop is set; waits for the lease first. clock: ms since 1970. Returns with everything recorded."""
    if (lease := await _lease(data, stop)) is None:
        return
    with lease:
        await asyncio.to_thread(adopt, data, files=files)
        await _recovered(data)
        rounds = await asyncio.to_thread(DeliveryQueue, data, settings, clock)
        rounds.commit = GroupCommit(Writer(data, clock, files))
        meter = Meter(data, "courier", rounds.deliveries.values)
        meter.start()
        try:
            courier = _Courier(rounds, data, submit, files)
            try:
                await courier.work(stop)
            finally:
                await courier.drain()
        finally:
            await rounds.commit.close()
            await asyncio.to_thread(meter.close)


async def _lease(data: Path, stop: asyncio.Event) -> Lease | None:
    while not stop.is_set():
        try:
            return Lease.take(lease_path(data, "courier"))
        except LeaseHeld:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)
    return None


async def _recovered(data: Path) -> None:
    """Wait for other processes that recover a journal at this moment: an outcome in it that is not called durable yet would be
    missed, and the mail delivered again. A live owner calls its records durable at once, so this ends soon."""
    give_up = time.monotonic() + _RECOVERY_SECONDS
    for name in journal.names(data):
        place = journal.folder(data) / name
        while is_held(place / "lock") and time.monotonic() < give_up and await asyncio.to_thread(_is_ahead, place):
            await asyncio.sleep(POLL_SECONDS)


def _is_ahead(place: Path) -> bool:
    """Whether a journal has records that nobody has declared durable."""
    known = journal.log_files(place)
    try:
        last = last_frame(known[-1][1]) if known else None
    except (FileNotFoundError, ValueError):
        return False
    return last is not None and last[0] > journal.read_durable(place)


class _Courier:
    def __init__(self, rounds: DeliveryQueue, data: Path, submit: Submit, files: Files) -> None:
        self._rounds = rounds
        self._data = data
        self._files = files
        self._stopping = asyncio.Event()
        self._store = Store(data)
        signer = Signer(data, rounds.settings, rounds.clock)
        marking = CopyMarker(data, rounds.settings, rounds.clock)
        rounds.is_single = marking.is_single
        self._remote = Remote(rounds, self._store, self._stopping, signer, marking)
        self._securely = SecureDelivery(rounds, self._store, self._stopping, signer, marking, data)
        self._reports = Reports(rounds, self._store, submit)
        room = Room(data / "maildir", rounds.settings.gateway.min_free)
        self._local = Local(data, self._store, rounds.routes, rounds.settings.city.host, files, marking, room=room)
        self._batches = ThreadPoolExecutor(1, thread_name_prefix="batch")
        try:
            self._changes: Changes | None = Changes(data)
        except OSError as error:
            self._changes = None
            log.warning("changes cannot be watched, the courier looks by itself", problem=str(error))
        self._polled_at = 0.0

    async def work(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        if self._changes is not None:
            loop.add_reader(self._changes, self._woken)
        halt = asyncio.create_task(self._halt(stop))
        cared = loop.time()
        try:
            while not stop.is_set():
                self._rounds.wake.clear()
                self._polled_at = loop.time()
                self._rounds.check()
                more = self._rounds.read_new_records()
                for lane in list(self._rounds.lanes.values()):
                    self._pump(lane)
                self._reports.pump()
                if events := self._rounds.onward.step(self._rounds.clock()):
                    self._rounds.spawn(self._rounds.record(events))
                if loop.time() - cared > _CARE_SECONDS:
                    cared = loop.time()
                    await self._care()
                await self._rest(more=more)
        finally:
            halt.cancel()
            if self._changes is not None:
                loop.remove_reader(self._changes)

    async def _rest(self, *, more: bool) -> None:
        """Until something is new; under load a little longer, so that what comes meanwhile shares a look, a batch and a sync."""
        if more:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS if self._changes is None else WATCHED_SECONDS):
                await self._rounds.wake.wait()
        await asyncio.sleep(max(0.0, self._polled_at + SPACE_SECONDS - asyncio.get_running_loop().time()))

    async def _halt(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._rounds.wake.set()

    def _woken(self) -> None:
        assert self._changes is not None
        self._changes.read()
        self._rounds.wake.set()

    async def _care(self) -> None:
        """Make the last records of a journal readable if its owner died, and let our own file be sealed."""
        await asyncio.to_thread(adopt, self._data, files=self._files)
        assert self._rounds.commit is not None
        self._rounds.commit.writer.rotate_if_idle()

    def _pump(self, lane: Lane) -> None:
        if lane.hop.kind == "secure":
            self._securely.pump(lane)
        elif lane.hop.kind != "maildir":
            self._remote.pump(lane)
        elif len(lane) and not lane.workers and not self._is_full(lane):
            lane.workers = 1
            self._rounds.spawn(self._deliver_here(lane))

    async def _deliver_here(self, lane: Lane) -> None:
        """Batch after batch for the local mailboxes; the records of one are written while the next one is."""
        loop, recording = asyncio.get_running_loop(), None
        try:
            while not self._stopping.is_set() and not self._is_full(lane) and (jobs := self._batch(lane)):
                handed = self._roomy(lane, await loop.run_in_executor(self._batches, self._local.deliver, jobs))
                if recording is not None:
                    await recording
                recording = self._rounds.spawn(self._record_handed(handed))
        finally:
            lane.workers = 0
            self._rounds.wake.set()

    def _is_full(self, lane: Lane) -> bool:
        """Whether it is too early to look again for room in the mailboxes."""
        return lane.is_down(self._rounds.clock(), self._rounds.settings.courier.retry_first)

    def _roomy(self, lane: Lane, handed: list[HandedOver]) -> list[HandedOver]:
        """Results that must be recorded. If the volume of the mailboxes is full the lane pauses, and each message records this
        once; a record of every try would fill the disk further."""
        if not any(h.lacks_room for h in handed):
            if lane.came_up():
                log.info("the volume of the mailboxes has room again")
            return handed
        if lane.went_down(NO_ROOM, self._rounds.clock(), self._rounds.settings.courier.retry_first):
            log.warning("the volume of the mailboxes has too little room", waiting=len(lane) + len(handed))
        for h in reversed([h for h in handed if h.is_old_news]):
            self._rounds.give_back(lane, h.job)
        return [h for h in handed if not h.is_old_news]

    def _batch(self, lane: Lane) -> list[Job]:
        jobs: list[Job] = []
        while len(jobs) < _BATCH and (job := self._rounds.take(lane)) is not None:
            jobs.append(job)
        return jobs

    async def _record_handed(self, handed: list[HandedOver]) -> None:
        rounds, now = self._rounds, self._rounds.clock()
        rules = rounds.settings.courier
        work = []
        for h in handed:
            own = is_own(h.job.entry, rounds.routes.is_ours(h.job.entry.sender))
            work.append(rounds.finish(h.job, outcomes(h.job, h.capture, h.results, now, rules, own=own)))
        await asyncio.gather(*work)

    async def drain(self) -> None:
        """No new attempts; those under way may finish; the rest is cut off."""
        self._stopping.set()
        for lane in self._rounds.lanes.values():
            lane.arrived.set()
        if tasks := self._rounds.tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._changes is not None:
            self._changes.close()
        self._rounds.onward.close()
        self._local.close()
        self._batches.shutdown()
