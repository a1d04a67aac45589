"""What an emergency rule has kept back goes on through the checks when it ends. Knows no Django.

Nothing is let go by itself: the copies become pending, and whoever screens what is pending decides about them by the rules of that
moment (mail/pipeline/rescreening.py). A copy that a person holds is not touched.
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
from civicmail.mail.courier import wakeup


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """Copies of one capture that a rule keeps back. copies: (index of the recipient, the rules by which it is kept)."""

    capture: bytes
    copies: tuple[tuple[int, tuple[str, ...]], ...]


def held_by(data: Path, rule: str) -> list[HeldMessage]:
    """What a rule keeps back at this moment, by receipts and by what was decided since."""
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
    """They are pending from now on; how many copies. Durable on return."""
    if not kept:
        return 0
    facts = {"do": "pending", "rules": [f"ended:{rule}"], "findings": [], "facts": {}, "again": 1}
    at = now()
    events = [Event(Type.DECIDED, one.capture, at, tuple(index for index, _ in one.copies), dict(facts)) for one in kept]
    write_events(data, events, at)
    wakeup.send(data)
    return sum(len(one.copies) for one in kept)


def _is_kept(copy: Copy) -> bool:
    """Kept back by a rule; pending ones are decided anew anyhow."""
    return copy.is_held and not copy.control[0] and not copy.is_pending
