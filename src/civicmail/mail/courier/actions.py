"""Decisions of people about waiting mail: each is a record in the journals, which the courier reads and obeys.

Held mail is not included: desk/holding decides about its release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from civicmail.mail.archive.commit import Entering, unentered, write_entered
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Event, Type


def retry(data: Path, entry: Entry, *, actor: str, reason: str, now: int, entering: Entering = unentered) -> list[int]:
    """Make every recipient that waits due at once; their indices. Durable on return."""
    return _record(data, Type.RELEASED, entry, {"reason": reason, "actor": actor}, now, entering)


def retry_each(
    data: Path, waiting: Mapping[bytes, Sequence[int]], *, actor: str, reason: str, now: int, entering: Entering = unentered
) -> None:
    """Make recipients of many captures due at once: capture id -> their indices. Durable on return."""
    facts = {"reason": reason, "actor": actor}
    events = [Event(Type.RELEASED, id_, now, tuple(indices), dict(facts)) for id_, indices in waiting.items()]
    write_entered(data, events, now, entering, {})


def drop(data: Path, entry: Entry, *, actor: str, reason: str, now: int, entering: Entering = unentered) -> list[int]:
    """Give up the delivery to every recipient that waits; the message stays in the archive. Durable on return."""
    return _record(data, Type.CANCELLED, entry, {"reason": reason, "actor": actor}, now, entering)


def _record(data: Path, type_: Type, entry: Entry, facts: dict[str, str], now: int, entering: Entering) -> list[int]:
    if waiting := entry.waiting:
        write_entered(data, [Event(type_, entry.id, now, tuple(waiting), dict(facts))], now, entering, {})
    return waiting
