"""Programs that are told of entries: how far each is behind, as the worker has left it for whoever asks without a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.front.checkup.findings import MINUTE, Finding, Level, Patient

BEHIND_MOST = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Told:
    """How one hook stands. at: ms when that was written; lag: ms for which the oldest entry has waited; told: ms of the last that
    was taken, 0 for none; problem: why the last one was not."""

    name: str
    at: int
    lag: int
    told: int
    problem: str


def path(data: Path, name: str) -> Path:
    return data / "hooks" / f"{name}.json"


def write(data: Path, known: Told, files: Files = OS_FILES) -> None:
    """Whole, or as it was before."""
    keep(path(data, known.name), known, files)


def keep(where: Path, known: Any, files: Files = OS_FILES) -> None:
    """Write a dataclass durably, whole, or leave what was there before."""
    files.make_folder(where.parent)
    files.replace(where, orjson.dumps(asdict(known)))


def read(data: Path, name: str) -> Told | None:
    """None where no worker has written anything that can be read."""
    try:
        return Told(**orjson.loads(path(data, name).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def hooks(p: Patient) -> Iterator[Finding]:
    """Whether each program hears of entries within ten minutes."""
    for hook in p.settings.oversight.webhook:
        check, one = f"webhook {hook.name}", read(p.data, hook.name)
        if one is None:
            yield Finding(check, "warning", "It was told nothing yet.", f"civicmail run --data {p.data}")
        elif one.problem or one.lag > BEHIND_MOST:
            waited = f"The oldest entry that it was not told has waited {(one.lag + max(0, p.now - one.at)) // 1000:,} seconds"
            why = f": {one.problem}." if one.problem else "."
            level: Level = "problem" if one.lag > BEHIND_MOST else "warning"
            yield Finding(check, level, waited + why, f"Look at {hook.url}, and at the page Webhooks. Nothing is lost.")
        else:
            yield Finding(check, "ok", "It was told of every entry.")
