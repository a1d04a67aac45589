"""The job that delivers accepted mail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from civicmail.city.directory.modes import Modes
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import is_requested, lease_path
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.liveness import StopEvent
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline


def courier(context: JobContext) -> Iterator[Work]:
    """Deliver mail."""

    def work() -> int:
        asyncio.run(_deliver(context.settings, context.data, context.stop))
        return 0

    yield work


async def _deliver(settings: Settings, data: Path, stop: StopEvent) -> None:
    stopping = asyncio.Event()
    own = GroupCommit(Writer(data, now_ms))  # for reports to our senders: mail of our own takes the way of all mail
    modes, people = Modes(settings, data), SnapshotWatcher(data, now_ms)
    watch = asyncio.create_task(_watch(data, stop, stopping, own, modes))
    try:
        await deliver.run(settings, data, stopping, Pipeline(own, modes.of, lambda: people.current).accept, now_ms)
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await own.close()


async def _watch(data: Path, stop: StopEvent, stopping: asyncio.Event, own: GroupCommit, modes: Modes) -> None:
    """Pass the stop signal and lease requests into the event loop; close idle journal files and refresh the directory."""
    while not stop.is_set() and not is_requested(lease_path(data, "courier")):
        await asyncio.sleep(0.25)
        own.rotate_if_idle()
        modes.refresh()
    stopping.set()
