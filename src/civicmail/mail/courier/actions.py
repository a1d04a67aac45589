"""What a person may decide about mail that waits: each a record in the journals, which the courier finds and obeys.

Mail that is held for a decision is not touched here: releasing it is the business of whoever may decide (desk/holding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Event, Type


def retry(writer: Writer, entry: Entry, *, actor: str, reason: str, now: int) -> list[int]:
    """Make every recipient that waits due at once; their indices. Durable on return."""
    return _record(writer, Type.RELEASED, entry, actor=actor, reason=reason, now=now)


def retry_each(writer: Writer, waiting: Mapping[bytes, Sequence[int]], *, actor: str, reason: str, now: int) -> None:
    """Make recipients of many captures due at once: capture id -> their indices. Durable on return."""
    for id_, indices in waiting.items():
        writer.event(Event(Type.RELEASED, id_, now, tuple(indices), {"reason": reason, "actor": actor}))
    writer.flush()


def drop(writer: Writer, entry: Entry, *, actor: str, reason: str, now: int) -> list[int]:
    """Give up the delivery to every recipient that waits; the message stays in the archive. Durable on return."""
    return _record(writer, Type.CANCELLED, entry, actor=actor, reason=reason, now=now)


def _record(writer: Writer, type_: Type, entry: Entry, *, actor: str, reason: str, now: int) -> list[int]:
    if waiting := entry.waiting:
        writer.event(Event(type_, entry.id, now, tuple(waiting), {"reason": reason, "actor": actor}))
        writer.flush()
    return waiting
