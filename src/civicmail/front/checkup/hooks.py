"""Check how far webhooks are behind, from files that the worker writes, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.front.checkup.findings import MINUTE, Finding, Installation, Level

MAX_LAG_MS = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class HookStatus:
    """State of one webhook. at: epoch ms when written; lag: age in ms of the oldest undelivered entry; told: epoch ms of the last
    delivery, 0 for none; problem: why the last delivery failed."""

    name: str
    at: int
    lag: int
    told: int
    problem: str


def path(data: Path, name: str) -> Path:
    return data / "hooks" / f"{name}.json"


def write(data: Path, status: HookStatus, files: Files = OS_FILES) -> None:
    """Whole, or as it was before."""
    save(path(data, status.name), status, files)


def save(path_: Path, status: Any, files: Files = OS_FILES) -> None:
    """Write a dataclass to a file, durably and atomically."""
    files.make_folder(path_.parent)
    files.replace(path_, orjson.dumps(asdict(status)))


def read(data: Path, name: str) -> HookStatus | None:
    """The state written by the worker; None if there is none that can be read."""
    try:
        return HookStatus(**orjson.loads(path(data, name).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def hooks(p: Installation) -> Iterator[Finding]:
    """Check that each webhook is less than ten minutes behind."""
    for hook in p.settings.oversight.webhook:
        check, status = f"webhook {hook.name}", read(p.data, hook.name)
        if status is None:
            yield Finding(check, "warning", "It was told nothing yet.", f"civicmail run --data {p.data}")
        elif status.problem or status.lag > MAX_LAG_MS:
            waited = (
                f"The oldest entry that it was not told has waited {(status.lag + max(0, p.now - status.at)) // 1000:,} seconds"
            )
            why = f": {status.problem}." if status.problem else "."
            level: Level = "problem" if status.lag > MAX_LAG_MS else "warning"
            yield Finding(check, level, waited + why, f"Look at {hook.url}, and at the page Webhooks. Nothing is lost.")
        else:
            yield Finding(check, "ok", "It was told of every entry.")
