"""What people decided about a message that somebody sent, for its sender. The rooms above know it and register a source, as they do
for pending decisions. Knows no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from civicmail.city.guard.actors import Actor


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """text: a sentence, in the language of the page."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class DecidedCopy:
    """What was decided about one recipient's copy. text: who decided what, "" if the state says it; without: which files the
    recipient does not get, "" if all or none; both in the language of the page."""

    text: str = ""
    at: datetime | None = None
    without: str = ""


@dataclass(frozen=True, slots=True)
class SentHistory:
    """lines: in any order; copies: by index of the recipient."""

    lines: tuple[HistoryLine, ...] = ()
    copies: Mapping[int, DecidedCopy] = field(default_factory=dict)


HistorySource = Callable[[Actor, str], SentHistory]
"""(who, capture) -> what was decided; a fixed number of queries."""

SOURCES: list[HistorySource] = []


def register(source: HistorySource) -> None:
    """Add a source from a room above this one."""
    if source not in SOURCES:
        SOURCES.append(source)


def sent_history(actor: Actor, capture: str) -> SentHistory:
    """What was decided about a message. capture: UUID."""
    known = [source(actor, capture) for source in SOURCES]
    lines = tuple(line for one in known for line in one.lines)
    return SentHistory(lines, {index: copy for one in known for index, copy in one.copies.items()})
