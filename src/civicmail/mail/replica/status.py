"""Replication status: the sender writes every second how far the standby is behind (leases/standby.json)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from civicmail.core.disk import journal

ALARM_MS = 5000


@dataclass(frozen=True, slots=True)
class Status:
    """at: when it was written, ms; level_at: when the copy last had everything, 0 if never; error: why it cannot be sent, or empty.

    positions: {journal: last number that the copy has}; place: the setting that names the copy.
    """

    at: int
    level_at: int
    error: str = ""
    positions: dict[str, int] = field(default_factory=dict)
    place: str = ""


def path(data: Path) -> Path:
    return data / "leases" / "standby.json"


def write(data: Path, status: Status) -> None:
    """Write the status. Not durable: after a power cut it would be outdated anyway."""
    temporary = path(data).with_suffix(".new")
    temporary.write_bytes(orjson.dumps(asdict(status)))
    temporary.replace(path(data))


def read(data: Path) -> Status | None:
    """None when nothing was ever sent from here."""
    try:
        return Status(**orjson.loads(path(data).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def lag_ms(data: Path, status: Status | None, now: int) -> int | None:
    """At most so much time of mail would be lost with this machine: 0 when the copy has everything, None when it has nothing."""
    top = journal.folder(data)
    have = status.positions if status else {}
    if status and have and all(have.get(n, 0) >= journal.read_durable(top / n) for n in journal.names(data)):
        return 0
    return max(0, now - status.level_at) if status and status.level_at else None
