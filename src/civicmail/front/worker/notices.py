"""Notices leave: each goes through the pipeline like any other mail, so it is archived before it is delivered, and once (P-15).

The bytes of a notice and its key fix its id but for the time. Whoever died between the archive and the row finds it there, and only
notes that it was sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from civicmail.city.access.published import Watch
from civicmail.city.directory.modes import Modes
from civicmail.city.notices.letter import Written, build
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.message.shapes import Envelope, Recipient
from civicmail.front.worker.loops import Job, Work
from civicmail.front.worker.people import Prepare, connected
from civicmail.mail.archive.commit import SHORT_FILE, GroupCommit, Writer
from civicmail.mail.archive.identity import once_bits
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source
from civicmail.mail.courier import bell
from civicmail.mail.pipeline.accept import Pipeline

AT_ONCE = 200
EVERY = 1.0
LEASE = "notices"


def job(settings: Settings, data: Path, prepare: Prepare, clock: Callable[[], int]) -> Job:
    """The job of the city worker; Django is started."""

    @contextmanager
    def start() -> Iterator[Work]:
        prepare()
        with connected():
            sending = Sending(settings, data, clock)
            yield lambda: sending.step() == AT_ONCE

    return Job("notices", start, EVERY, lease=LEASE)


def one_round(settings: Settings, data: Path, clock: Callable[[], int]) -> int:
    """Send everything that waits; how many. Raises LeaseHeld."""
    with Lease.take(lease_path(data, LEASE)), connected():
        sending, count = Sending(settings, data, clock), 0
        while some := sending.step():
            count += some
        return count


class Sending:
    """One round of it at a time. clock: ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock

    def step(self) -> int:
        """Send what waits, at most AT_ONCE; how many. Raises LaterError where the archive cannot commit."""
        from civicmail.city.access.moments import moment, ms
        from civicmail.city.notices import actions, queries

        waiting = queries.waiting(AT_ONCE)
        if not waiting:
            return 0
        letters = [Written(n.key, n.to, n.subject, n.text, ms(n.made)) for n in waiting]
        with ThreadPoolExecutor(1) as apart:  # whoever calls may have a loop of its own running
            ids = apart.submit(asyncio.run, self._send(letters)).result()
        for notice, id_ in zip(waiting, ids, strict=True):
            actions.sent(notice, id_, now=moment(self._clock()))
        bell.ring(self._data)
        return len(waiting)

    async def _send(self, letters: list[Written]) -> list[str]:
        """The capture id of each; empty where an earlier process had archived it."""
        archive, watch = Archive(self._data), Watch(self._data, self._clock)
        commit = GroupCommit(Writer(self._data, self._clock, file_size=SHORT_FILE))
        pipeline = Pipeline(commit, Modes(self._settings, self._data).of, lambda: watch.now)
        try:
            return [await self._one(pipeline, archive, letter) for letter in letters]
        finally:
            await commit.close()

    async def _one(self, pipeline: Pipeline, archive: Archive, letter: Written) -> str:
        city = self._settings.city
        content = build(letter, city.name, city.host, self._settings.web.url)
        key = f"notice:{letter.key}"
        if archive.known(once_bits(key), hashlib.sha256(content).digest()):
            return ""
        envelope = Envelope("", (Recipient(letter.to),), self._clock(), protocol="local")
        receipt = await pipeline.accept(content, envelope, Source("local", "notices"), key)
        return str(uuid.UUID(bytes=receipt.id))
