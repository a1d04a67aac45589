"""How a command gets to content: an entry is written first, then the guard gives the permit (promise 4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from civicmail.city.access import guard
from civicmail.city.access.permits import Permit
from civicmail.core.disk.frames import NO_ID
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type

JOURNAL_FILE = 1 << 20  # bytes: a command writes one short record


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def permit(data: Path, verb: str, facts: Mapping[str, Any], *, reason: str = "command line") -> Permit:
    """A permit for what this command line asks. facts: the query or the ids, as they will stand in the ledger for ever."""
    now = now_ms()

    def write(entry: dict[str, Any]) -> str:
        with closing(Writer(data, lambda: now, file_size=JOURNAL_FILE)) as writer:
            writer.event(Event(Type.ENTRY, NO_ID, now, facts=entry))
            writer.flush()
            return f"{writer.journal.name}:{writer.journal.number}"

    return guard.owner_permit(data, verb, dict(facts), reason=reason, now=now, write=write)
