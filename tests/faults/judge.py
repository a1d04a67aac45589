"""What must be true of a data folder after any accident, once the program has started again and had its time (promises 1 and 2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from civicmail.core.ledger.verify import verify
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.verify import Check
from civicmail.mail.courier.maildir import mailbox
from faults.day import Day, Hop, Published, Told, sha
from faults.sparse import SparseFiles


async def recover(data: Path, hop: Hop) -> None:
    """Start again: courier, ledger and sealer take up what they find, with a file port that works."""
    day = Day(data, SparseFiles(), hop, lambda _: None)
    day.clock.now += 7_200_000  # two hours later: every retry is due
    await day.deliver()
    await day.evidence(checkpoint=True)
    await day.seal()


def faults(data: Path, told: Iterable[Told | Published], hop: Hop) -> list[str]:
    """Sentences about everything that is not as it was promised; empty when all is well."""
    machine = Machine(data)
    found = []
    passed_on = Counter(subject(content) for content in hop.got)
    for told_ in told:
        if isinstance(told_, Published):
            note = data / "ledger" / "checkpoints" / f"{told_.size:016d}.note"
            if not note.exists() or note.read_text() != told_.note:
                found.append(f"unpublished: checkpoint {told_.size}")
            continue
        try:
            body = machine.body(told_.id)
        except Exception as error:
            found.append(f"lost: {told_.id.hex()} to {told_.to}: {error}")
            continue
        if sha(body) != told_.sha256:
            found.append(f"changed: {told_.id.hex()}")
        events = machine.events(told_.id)
        kinds = Counter(e.type for e in events)
        if kinds[Type.CANCELLED]:
            continue
        times = _in_mailbox(data, told_, body) if told_.local else passed_on[subject(body)]
        explained = sum(bool(e.facts.get("redelivered")) for e in events if e.type == Type.ATTEMPT)
        if not times:
            found.append(f"undelivered: {told_.id.hex()} to {told_.to}")
        elif times > 1 + explained:
            found.append(f"{times} times: {told_.id.hex()} to {told_.to}, {explained} explained")
        if times and not kinds[Type.DELIVERED]:
            found.append(f"delivered without a record: {told_.id.hex()}")
    sealed = Check(data, deep=True)
    found += [f"evidence: {p.text}" for p in verify(data, sealed.heads()).problems]
    found += [f"segments: {p.sentence}" for p in sealed.problems]
    return found


def subject(content: bytes) -> bytes:
    match = re.search(rb"(?m)^Subject: (day \w+)", content)
    assert match
    return match[1]


def _in_mailbox(data: Path, told: Told, body: bytes) -> int:
    local, domain = told.to.split("@")
    box = mailbox(data, domain, local)
    return sum(subject(body) in p.read_bytes() for sub in ("new", "cur") for p in (box / sub).glob("*"))
