"""Copies that are held because nobody may read their mailbox (M4): list them; release_holds.py releases them to a permitted reader
(L4).

The receipt or a later screening holds such a copy, and no later record of a person. Copies that a person or a check holds for
another reason do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy import rule_keys
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.outstanding import Entry, Outstanding
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.archived_message import Store


@dataclass(frozen=True, slots=True)
class AccessHold:
    """Copies of one capture that wait for a mailbox. indices: of its envelope's recipients; received: ms."""

    entry: Entry
    indices: tuple[int, ...]

    @property
    def uuid(self) -> str:
        return self.entry.uuid

    @property
    def received(self) -> int:
        return self.entry.received


def held_for(data: Path, mailbox: str, outstanding: Outstanding | None = None, store: Store | None = None) -> list[AccessHold]:
    """All that is held for a mailbox (its main address), oldest first. outstanding, store: a projection and a reader that are at
    hand.

    Raises DamagedFile. Blocks: it reads the journals behind the last snapshot.
    """
    store = store or Store(data)
    held = []
    for entry in (outstanding or outstanding_file.current(data)).held():
        mine = [i for i, c in entry.copies.items() if c.is_held and not c.control[0] and c.target.lower() == mailbox.lower()]
        if mine:
            rules = {d.to: set(d.rules) for d in store.read(entry).capture.dispositions}
            rules |= {i: set(c.decided[4]) for i, c in entry.copies.items() if c.decided[3]}
            if indices := tuple(i for i in mine if rules.get(i, set()) & rule_keys.OF_MAILBOXES):
                held.append(AccessHold(entry, indices))
    return sorted(held, key=lambda h: (h.received, h.entry.id))


def release(writer: Writer, held: AccessHold, *, to: str = "", actor: str, reason: str, now: int) -> None:
    """Let the copies go: to the mailbox they are for, or to another address. Collected, not flushed."""
    facts = {"reason": reason, "actor": actor, "to": to}
    writer.event(Event(Type.RELEASED, held.entry.id, now, held.indices, facts))
