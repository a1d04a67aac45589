"""Heartbeats of the worker processes: each process notes the state of its jobs every fifteen seconds.

heartbeats/<process>.json may be lost at any time: it is not synced, and the next one says the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

EVERY = 15_000
"""ms between two heartbeats of a process."""


@dataclass(slots=True)
class Beat:
    """How one job is. began: of the round that runs now, ms, 0 between two; done: of the last round that ended well, 0 before;
    failures: in a row since then; problem: of the last one, fit to be shown; elsewhere: another process has its lease."""

    job: str
    began: int = 0
    done: int = 0
    failures: int = 0
    problem: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """process: of `civicmail run worker --job`; at: ms."""

    process: str
    pid: int
    at: int
    jobs: tuple[Beat, ...]


def folder(data: Path) -> Path:
    return data / "heartbeats"


def write(data: Path, beat: Heartbeat) -> None:
    """Whole, or as it was before. Raises OSError."""
    place = folder(data) / f"{beat.process}.json"
    place.parent.mkdir(mode=0o700, exist_ok=True)
    new = place.with_name(f".{place.name}")
    new.write_bytes(orjson.dumps(asdict(beat)))
    new.replace(place)


def read(data: Path, process: str) -> Heartbeat | None:
    """The last heartbeat of a process; None if it never ran here or its file cannot be read."""
    try:
        plain = orjson.loads((folder(data) / f"{process}.json").read_bytes())
        return Heartbeat(plain["process"], plain["pid"], plain["at"], tuple(Beat(**job) for job in plain["jobs"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
