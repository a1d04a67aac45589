"""Decisions about compromised accounts, as a file: data/containment/decided (docs/formats.md, "Containment").

The city worker writes it from database rows; every process that accepts mail reads it and needs no database. Without the file
nothing is decided. An unreadable file changes nothing: the last decisions stay in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

RULE = "contained"
"""The rule that holds a copy because of an anomaly of its sender (requirements, "Containment")."""
POLL_MS = 250
VERSION = 1

log = get_logger()


@dataclass(frozen=True, slots=True)
class ContainmentDecisions:
    """By sender (person's number, "service:ADDRESS", "relay:ADDRESS"). held: epoch ms since when everything is held; released:
    epoch ms of the last release; allowed: recipients per hour, and until when (epoch ms)."""

    held: Mapping[str, int] = field(default_factory=dict)
    released: Mapping[str, int] = field(default_factory=dict)
    allowed: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def allows(self, sender: str, now: int) -> int:
        most, until = self.allowed.get(sender, (0, 0))
        return most if now < until else 0


def decided_path(data: Path) -> Path:
    return data / "containment" / "decided"


def write(data: Path, decided: ContainmentDecisions, files: Files = OS_FILES) -> bool:
    """Durable on return; False if unchanged. Raises OSError."""
    path = decided_path(data)
    plain = {
        "v": VERSION,
        "held": decided.held,
        "released": decided.released,
        "allowed": {s: list(a) for s, a in decided.allowed.items()},
    }
    content = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
    if path.exists() and path.read_bytes() == content:
        return False
    files.make_folder(path.parent)
    files.replace(path, content)
    return True


def read(data: Path) -> ContainmentDecisions:
    """Raises OSError, and ValueError for an invalid file."""
    try:
        plain = orjson.loads(decided_path(data).read_bytes())
        if plain["v"] != VERSION:
            raise ValueError(f"decisions of format {plain['v']}")
        return ContainmentDecisions(
            dict(plain["held"]), dict(plain["released"]), {s: (a[0], a[1]) for s, a in plain["allowed"].items()}
        )
    except FileNotFoundError:
        return ContainmentDecisions()
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError("not a file of decisions") from error


class DecisionWatch:
    """The current decisions, polled every POLL_MS. clock: epoch ms."""

    def __init__(self, data: Path, clock: Callable[[], int]) -> None:
        self._data = data
        self._clock = clock
        self._polled_at = 0
        self._stamp: tuple[int, int, int] | None = None
        self._now = ContainmentDecisions()

    @property
    def now(self) -> ContainmentDecisions:
        at = self._clock()
        if not 0 <= at - self._polled_at < POLL_MS:
            self._polled_at = at
            self._poll()
        return self._now

    def _poll(self) -> None:
        try:
            stat = decided_path(self._data).stat()
            stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            return
        if stamp == self._stamp:
            return
        try:
            self._now, self._stamp = read(self._data), stamp
        except (OSError, ValueError) as error:
            log.error("what was decided about accounts cannot be read, the last stays in force", error=str(error))
