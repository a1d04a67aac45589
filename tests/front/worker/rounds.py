"""Run declared jobs once, as `tick` does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from civicmail.core.config.load import load
from civicmail.front.checkup import job_registry
from civicmail.front.worker.processes import JobContext, run_once

PEOPLE = ("deadlines", "conduct", "follow", "exports", "entries", "compare")


def once(data: Path, *names: str, now: int) -> Counter[str]:
    """What was done, by field of tick.Done. now: ms."""
    done: Counter[str] = Counter()
    for name in names:
        done.update(run_once(job_registry.by_name(name), JobContext(load(data), data, lambda: now)))
    return done
