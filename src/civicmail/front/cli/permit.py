"""The permit of whoever types a command: its entry is durable in a journal before any content is read (promise 4)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from civicmail.city.access import guard
from civicmail.city.access.permits import Permit
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type

NO_CAPTURE = bytes(16)


def for_owner(data: Path, verb: str, facts: dict[str, Any], reason: str = "") -> Permit:
    """A permit for the owner of an unclaimed data folder. Raises NotPermitted. verb and facts: what will be looked at."""

    def write(entry: dict[str, Any]) -> str:
        writer = Writer(data, now)
        try:
            writer.event(Event(Type.ENTRY, NO_CAPTURE, now(), (), entry))
            writer.flush()
            return f"{writer.journal.name}:{writer.journal.durable}"
        finally:
            writer.close()

    return guard.owner_permit(data, verb, facts, reason=reason or f"civicmail {verb}", now=now(), write=write)


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
