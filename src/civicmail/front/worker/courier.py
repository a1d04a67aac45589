"""The courier worker: deliver accepted mail."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.city.directory.modes import Modes
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import is_requested, lease_path
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.front.worker.liveness import StopEvent
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline

MAX_STILL_SECONDS = 60.0
"""Seconds: its one round looks ten times a second whether it should stop."""
MAX_ROUND_SECONDS = 600.0
"""Seconds without a round; at the beginning all outstanding mail may have to be read."""


def run(settings: Settings, data: Path, stop: threading.Event) -> None:
    """Run the courier until stop is set; restart it after a failure."""

    stop_event = StopEvent(stop)

    @contextmanager
    def start() -> Iterator[Work]:
        def work() -> bool:
            asyncio.run(_deliver(settings, data, stop_event))
            return False

        yield work

    job = Job(
        "courier", start, 1.0, lends="courier", max_still=MAX_STILL_SECONDS, max_round=MAX_ROUND_SECONDS, stop_event=stop_event
    )
    run_all("courier", [job], data, stop)


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
        await asyncio.sleep(0.1)
        own.rotate_if_idle()
        modes.refresh()
    stopping.set()
