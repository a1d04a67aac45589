"""All waiting mail as the courier sees it: records of the journals, due attempts by next hop, attempts in progress.

Only records change this projection, including our own: a copy stays *busy* until its outcome has come back through the journal. So
the process always has the state that a replay would give.
"""

from __future__ import annotations

import asyncio
import heapq
import uuid
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any

from civicmail.city.directory.modes import Modes
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import Record, Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import GroupCommit
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.deliveries import Deliveries
from civicmail.mail.courier.hops import Hop, Routes
from civicmail.mail.courier.jobs import Job, Lane
from civicmail.mail.courier.smart_host_log import SmartHostLog

log = get_logger()

MAX_RECIPIENTS = 100  # of one transaction: what every server must take (RFC 5321 4.5.3.1.8)
_BATCH_SIZE = 512  # records of each journal in one look
_SETTLE_EVERY_MS = 600_000
_AGAIN_SECONDS = 1.0


class DeliveryQueue:
    """Belongs to one event loop. Starts by reading all records; `look` reads new ones."""

    def __init__(self, data: Path, settings: Settings, clock: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self.routes = Routes(settings, Modes(settings, data))
        self.lanes: dict[Hop, Lane] = {}
        self.owed: dict[bytes, None] = {}  # captures whose sender is to be told of a recipient's end
        self.wake = asyncio.Event()
        self.onward = SmartHostLog(settings.courier.smart_host_log)
        self.commit: GroupCommit | None = None
        self.deliveries = Deliveries()
        self.is_single: Callable[[str], bool] = _never  # whether each reader's copy of mail by this kind of door is another one
        self._data = data
        self._busy: set[tuple[bytes, int]] = set()
        self._settled: list[tuple[Job, str, int]] = []  # with the journal and number of the last record of their outcome
        self._later: list[tuple[int, bytes]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self._swept = clock()
        self.restart()

    def restart(self) -> None:
        """Read the snapshot and every journal behind it. Blocks."""
        self.outstanding = outstanding_file.load(self._data)
        self._tail = Tail(self._data, self.outstanding.positions, bodies=False)
        while records := self._tail.poll():
            for record in records:
                self.onward.note(record, self.outstanding.entries.get(record.id))
                self.outstanding.apply(record)
        self._old = {e.id for e in self.outstanding.entries.values()}
        for entry in list(self.outstanding.entries.values()):
            self.consider(entry)

    # -- what is new

    def read_new_records(self) -> bool:
        """Take in what the journals have since the last time; True when there may be more at once."""
        if self._tail.is_left_behind():  # perhaps nothing is written to that journal again: do not wait for the next record
            self.restart()
        records = self._tail.poll(_BATCH_SIZE)
        more = len(records) >= _BATCH_SIZE
        changed: dict[bytes, Entry] = {}
        for record in records:
            if self._is_gap(record):
                self.restart()
                records, changed = [], {}
                break
            self.onward.note(record, self.outstanding.entries.get(record.id))
            if (entry := self.outstanding.apply(record)) is not None:
                changed[entry.id] = entry
        for job in self._read_back():
            self._busy.difference_update(job.keys)
            if (left := self.outstanding.entries.get(job.entry.id)) is not None:
                changed[left.id] = left
        for entry in self.outstanding.entries.values() if self.routes.modes.refresh() else changed.values():
            self.consider(entry)
        self._due()
        if not more and self.clock() - self._swept > _SETTLE_EVERY_MS:
            self._swept = self.clock()
            self.outstanding.settle(self._swept)
            self._old &= self.outstanding.entries.keys()
        return more

    def _read_back(self) -> list[Job]:
        """Jobs whose outcomes have come back through the journal."""
        positions = self.outstanding.positions
        done = [job for job, journal, number in self._settled if positions.get(journal, 0) >= number]
        if done:
            self._settled = [s for s in self._settled if positions.get(s[1], 0) < s[2]]
        return done

    def _is_gap(self, record: Record) -> bool:
        """Whether records before this one were sealed and removed before we read them; then the sealer's snapshot knows them."""
        last = self.outstanding.positions.get(record.journal, 0)
        if record.number == last + 1:
            return False
        covered = outstanding_file.load(self._data).positions.get(record.journal, 0)
        log.warning("records are missing from a journal", journal=record.journal, after=last, sealed=covered >= record.number - 1)
        return last < covered

    def consider(self, entry: Entry) -> None:
        """Queue the due copies of a capture, and note the time of the others."""
        if entry.owed:
            self.owed[entry.id] = None
        now, soonest = self.clock(), 0
        for index in entry.waiting:
            if (entry.id, index) in self._busy:
                continue
            copy = entry.copies[index]
            if copy.due > now:
                soonest = min(soonest or copy.due, copy.due)
            elif (hop := self._route(copy)) is not None:
                self.lane(hop).add(entry.id)
        if soonest:
            heapq.heappush(self._later, (soonest, entry.id))

    def _due(self) -> None:
        now = self.clock()
        while self._later and self._later[0][0] <= now:
            if (entry := self.outstanding.entries.get(heapq.heappop(self._later)[1])) is not None:
                self.consider(entry)

    def lane(self, hop: Hop) -> Lane:
        if hop not in self.lanes:
            self.lanes[hop] = Lane(hop)
        return self.lanes[hop]

    # -- jobs

    def take(self, lane: Lane) -> Job | None:
        """The next capture for this hop with its recipients, who are busy until `finish` or `give_back`; None: nothing is due."""
        while (id_ := lane.next()) is not None:
            entry = self.outstanding.entries.get(id_)
            if entry is None or self._is_repeat(entry):
                continue
            if (job := self._job(entry, lane)) is not None:
                return job
        return None

    def _job(self, entry: Entry, lane: Lane) -> Job | None:
        now = self.clock()
        due = [i for i in entry.waiting if (entry.id, i) not in self._busy and entry.copies[i].due <= now]
        here = [i for i in due if self._route(entry.copies[i]) == lane.hop]
        if not here:
            return None
        first = entry.copies[here[0]]
        alike = [
            i for i in here if not lane.hop.inside or entry.copies[i].marks_in_force == first.marks_in_force
        ]  # one header for all
        alike = [i for i in alike if entry.copies[i].apart == first.apart]  # and the same files
        if lane.hop.inside and lane.hop.kind != "maildir" and self.is_single(entry.kind):
            alike = here[:1]
        if len(here) > min(len(alike), MAX_RECIPIENTS):
            lane.add(entry.id, first=True)
        tries = {i: entry.copies[i].tries + 1 for i in alike[:MAX_RECIPIENTS]}
        orphan = self.outstanding.is_orphan(entry)
        open_ = frozenset(i for i in tries if orphan or entry.copies[i].is_open)
        doubtful = entry.id in self._old or any(n > 1 for n in tries.values())
        job = Job(entry, lane.hop, tries, open_, doubtful)
        self.outstanding.begin(entry)
        self._busy.update(job.keys)
        return job

    def _route(self, copy: Copy) -> Hop | None:
        return self.routes.route_of(copy.target, secure=copy.secure)

    def expired(self, lane: Lane) -> Iterator[Job]:
        """Jobs of this lane that exceed the maximum age of a message, removed from it one by one."""
        least = self.clock() - self.settings.courier.expire * 1000
        for id_ in lane.waiting():
            entry = self.outstanding.entries.get(id_)
            if entry is not None and entry.received <= least and (job := self._job(entry, lane)) is not None:
                yield job

    def give_back(self, lane: Lane, job: Job) -> None:
        """Nothing was tried: the job is first in line again."""
        self._busy.difference_update(job.keys)
        lane.add(job.entry.id, first=True)

    async def finish(self, job: Job, events: Iterable[Event]) -> None:
        """Record the outcomes of a job; its recipients stay busy until the records were read back."""
        outcomes = list(events)
        place = await self._record(outcomes)
        self.deliveries.note(self.routes.kind_of(job.hop), outcomes)
        self._settled.append((job, *place))  # looked up now and not before: the list may be another one by then
        self.wake.set()

    def _is_repeat(self, entry: Entry) -> bool:
        """Whether the capture is a second receipt of a message that is delivered anyway; then its copies are canceled."""
        original = self.outstanding.original_of(entry)
        if original is None:
            return False
        indices = [i for i in entry.waiting if (entry.id, i) not in self._busy]
        if indices:
            job = Job(entry, Hop("maildir"), dict.fromkeys(indices, 0), frozenset(), doubtful=False)
            self._busy.update(job.keys)
            facts = {"reason": "same as", "same_as": str(uuid.UUID(bytes=original))}
            self.spawn(self.finish(job, [Event(Type.CANCELLED, entry.id, self.clock(), tuple(indices), facts)]))
        return True

    # -- records

    async def attempt(self, events: list[Event]) -> tuple[str, int]:
        """Make records durable; return the journal and number of the last one. After a LaterError none of them is stored."""
        assert self.commit is not None
        futures = [self.commit.event(event) for event in events]
        journal = self.commit.writer.journal
        place = (journal.name, journal.number)
        await asyncio.gather(*futures)
        return place

    async def record(self, events: list[Event]) -> None:
        """Make records durable that no copy waits for."""
        await self._record(events)

    async def _record(self, events: list[Event]) -> tuple[str, int]:
        """Make outcomes durable, however long the disk refuses: what happened cannot be taken back."""
        while True:
            try:
                return await self.attempt(events)
            except LaterError as error:
                log.error("outcomes of deliveries cannot be recorded, trying again", error=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start something and remember it, so that the end of the courier waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._bug = error
            self.wake.set()

    def check(self) -> None:
        """Raise the error of a task that ended unexpectedly. The courier then restarts and finds every copy again."""
        if self._bug is not None:
            raise self._bug

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """Tasks in progress."""
        return set(self._tasks)


def _never(_kind: str) -> bool:
    return False
