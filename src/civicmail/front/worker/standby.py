"""The standby worker: replicate the archive to the standby."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Settings
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.front.worker.liveness import StopEvent
from civicmail.mail.replica.tasks import Replicate

MAX_STILL_SECONDS = 180.0
"""Seconds: its endless round polls the standby many times a second, and an answer may take a minute."""
MAX_ROUND_SECONDS = 3600.0
"""Seconds without a look whether it should stop: a copy that was away for long gets much at once."""


def run(settings: Settings, data: Path, stop: threading.Event) -> None:
    """Alone in its process: a 250 may wait for it."""
    if not settings.archive.standby:
        raise ConfigError("[archive] standby names no second place.")

    stop_event = StopEvent(stop)

    @contextmanager
    def start() -> Iterator[Work]:
        def work() -> bool:
            Replicate(data, settings.archive, now_ms).run(stop_event)
            return False

        yield work

    job = Job(
        "replicate", start, 1.0, lease="replicate", max_still=MAX_STILL_SECONDS, max_round=MAX_ROUND_SECONDS, stop_event=stop_event
    )
    run_all("standby", [job], data, stop)
