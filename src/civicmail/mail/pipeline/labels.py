"""The event `labelled`: a person's label of a message as spam or good (docs/formats.md).

Pages and commands write it; the learning job reads it. The whole model can be rebuilt from these records.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from civicmail.mail.archive.commit import Entering, unentered, write_entered
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.screening.examples import HOW


@dataclass(frozen=True, slots=True)
class Label:
    """by: a person's id or pseudonym, or os:USER; how: report, release, answered, sent, or operator (in an official role); undone:
    taken back; an operator's undo covers every label of the message."""

    spam: bool
    by: str
    how: str
    undone: bool = False


def labeled(id_: bytes, label: Label, now: int) -> Event:
    """id_: of the capture; now: epoch ms. Raises ValueError for an unknown `how`."""
    if label.how not in HOW:
        raise ValueError(f"nobody says what a message is by {label.how}")
    facts = {"label": "spam" if label.spam else "ham", "by": label.by, "how": label.how}
    return Event(Type.LABELLED, id_, now, facts={**facts, "undone": 1} if label.undone else facts)


def label_of(event: Event) -> Label | None:
    """None for unknown facts."""
    facts = event.facts
    if facts.get("label") not in ("spam", "ham") or facts.get("how") not in HOW:
        return None
    return Label(facts["label"] == "spam", str(facts.get("by", "")), facts["how"], bool(facts.get("undone")))


def write_label(data: Path, id_: bytes, label: Label, now: int, entering: Entering = unentered) -> None:
    """Write the record; durable on return. now: epoch ms. Raises ValueError, JournalEnded, DiskFull."""
    write_entered(data, [labeled(id_, label, now)], now, entering, {})


def is_inbound(capture: Capture) -> bool:
    """From outside: through a listener open to strangers, without sign-in."""
    return capture.source.kind in ("mx", "lmtp") and not capture.envelope.login
