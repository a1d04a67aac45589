"""Screen again what an emergency rule held, when the rule ends. Knows no Django.

Nothing is released directly: the copies become pending, and the rules of that moment decide (mail/pipeline/rescreening.py). A
copy that a person holds is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.oversight.recorded_facts import Heads
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.records import Event, Type


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """Copies of one capture that a rule holds. copies: (index of the recipient, the rules that hold it)."""

    capture: bytes
    copies: tuple[tuple[int, tuple[str, ...]], ...]


def held_by(data: Path, rule: str) -> list[HeldMessage]:
    """The copies that a rule holds at this moment, by receipts and later decisions."""
    heads = Heads(data)
    held = []
    for entry in outstanding_file.current(data).held():
        copies = {index: copy for index, copy in entry.copies.items() if _is_kept(copy)}
        if not copies:
            continue
        with suppress(NotInArchive, DamagedFile):
            rules = {copy.to: copy.rules for copy in heads.facts_of(entry.id).copies}
            rules |= {index: copy.decided[4] for index, copy in copies.items() if copy.decided[3]}
            mine = tuple((index, rules[index]) for index in sorted(copies) if rule in rules.get(index, ()))
            if mine:
                held.append(HeldMessage(entry.id, mine))
    return held


def release(data: Path, kept: list[HeldMessage], rule: str, now: Callable[[], int]) -> int:
    """Make them pending; return the number of copies. Durable on return."""
    if not kept:
        return 0
    facts = {"do": "pending", "rules": [f"ended:{rule}"], "findings": [], "facts": {}, "again": 1}
    at = now()
    events = [Event(Type.DECIDED, one.capture, at, tuple(index for index, _ in one.copies), dict(facts)) for one in kept]
    write_events(data, events, at)
    return sum(len(one.copies) for one in kept)


def _is_kept(copy: Copy) -> bool:
    """Held by a rule; pending copies are decided again anyway."""
    return copy.is_held and not copy.control[0] and not copy.is_pending
