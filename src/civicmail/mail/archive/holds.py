"""Legal holds: captures that must be retained beyond the schedules, at any age, including later ones (P-23, promise 3).

A hold is a query. Disposal evaluates it on the archived bytes with core/query.matches, never on the index. If a part is unreadable
and may contain the words, the hold covers the capture.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.frames import NO_ID
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.plain import decoded, encoded
from civicmail.core.query.tree import Among, And, Digits, Everything, Not, Or, Range, Token, Tree, View, Words
from civicmail.mail.archive import rules
from civicmail.mail.archive.commit import Entering, unentered
from civicmail.mail.archive.errors import HoldOfWork, MissingReason, UnknownHold
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.store import Store

GROUNDS = ("request", "litigation", "claim", "audit", "other")
MANDATE = "mandate "
"""How the scope of a hold begins that was placed under a mandate, before its number."""
REQUEST, EVIDENCE = "request ", "evidence of violation "
"""The same of holds that a request for records or a violation places, and also ends."""

_TYPES = frozenset({Type.HOLD, Type.HOLD_END})
_OF_HEAD = frozenset({"rcpt", "custodian"})  # fields that are there whatever the bytes are


Viewer = Callable[[Capture, bytes], View]
"""Makes the query view of a capture and its bytes; the room above provides it, because the index uses the same one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold in force. scope: the words of the query, or what it is about where it was placed as a tree; at: when it was placed,
    from which relative words count."""

    id: str
    ground: str
    scope: str
    tree: Tree
    actor: str
    reason: str
    at: int

    def covers(self, view: View) -> bool:
        return matches(self.tree, view) or (view["unreadable"] > 0 and _asks_content(self.tree))


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A hold with its end. is_query: its scope is a query that a person typed; else it names the work that placed it. ended: epoch
    ms, None while it is in force; ended_by, why: of that end."""

    hold: Hold
    is_query: bool
    ended: int | None = None
    ended_by: str = ""
    why: str = ""

    @property
    def is_of_examination(self) -> bool:
        """Whether its people, reason and words are hidden: its reader may be whom it is about (E1)."""
        return self.hold.scope.startswith(MANDATE)

    @property
    def ends_with_work(self) -> bool:
        """Whether the work that placed it also ends it, so that nobody else does."""
        return not self.is_query and self.hold.scope.startswith((REQUEST, EVIDENCE))


def place(
    data: Path,
    *,
    ground: str,
    scope: str,
    actor: str,
    reason: str,
    now: int,
    tree: Tree | None = None,
    entering: Entering = unentered,
    files: Files = OS_FILES,
) -> str:
    """Put a hold into force; durable when this returns its id. scope: words of a query, or with a tree only what it is about in
    words; now: ms; entering: is given the id. Raises QueryError, MissingReason, LeaseHeld."""
    if ground not in GROUNDS:
        raise MissingReason(f"A ground is one of {', '.join(GROUNDS)}.")
    name = os.urandom(6).hex()
    facts: dict[str, Any] = {"hold": name, "ground": ground, "scope": scope, "actor": actor, "reason": reason}
    if tree is None:
        _tree(scope, now)
    else:
        facts["tree"] = encoded(tree)
    rules.write(data, Event(Type.HOLD, NO_ID, now, facts=facts), entering, files, entered={"hold": name})
    return name


def end(
    data: Path,
    name: str,
    *,
    actor: str,
    reason: str,
    now: int,
    entering: Entering = unentered,
    files: Files = OS_FILES,
    with_work: bool = False,
) -> None:
    """Lift a hold. The schedules then decide about what it held. with_work: the work that placed it lifts it. Raises UnknownHold,
    HoldOfWork, MissingReason, LeaseHeld."""

    def agree() -> None:
        record = next((r for r in _records(rules.read(Store(data), _TYPES)) if r.hold.id == name and r.ended is None), None)
        if record is None:
            raise UnknownHold(f"No hold in force has the id {name}.")
        if record.ends_with_work and not with_work:
            raise HoldOfWork(f"Not ended: this hold belongs to {record.hold.scope.partition(':')[0]} and ends with it.")

    event = Event(Type.HOLD_END, NO_ID, now, facts={"hold": name, "actor": actor, "reason": reason})
    rules.write(data, event, entering, files, entered={"hold": name}, agree=agree)


def load(data: Path) -> list[Hold]:
    """The holds in force in a data folder, for callers without a store."""
    return in_force(Store(data))


def in_force(store: Store) -> list[Hold]:
    """Every hold in force, oldest first. Raises DamagedFile, KeyMissing, QueryError if the holds cannot be read."""
    return _in_force(rules.read(store, _TYPES))


def history(data: Path) -> list[HoldRecord]:
    """Every hold that was ever placed, oldest first, for pages. Raises DamagedFile, KeyMissing, QueryError."""
    return _records(rules.read(Store(data), _TYPES, for_page=True))


def _in_force(events: Iterable[Event]) -> list[Hold]:
    return [record.hold for record in _records(events) if record.ended is None]


def _records(events: Iterable[Event]) -> list[HoldRecord]:
    records: dict[str, HoldRecord] = {}
    ends: dict[str, Event] = {}
    for e in events:
        f = e.facts
        if e.type == Type.HOLD_END:
            ends.setdefault(f["hold"], e)
        elif e.type == Type.HOLD:
            tree = decoded(f["tree"]) if "tree" in f else _tree(f["scope"], e.at, accepted=True)
            hold = Hold(f["hold"], f["ground"], f["scope"], tree, f["actor"], f["reason"], e.at)
            records[hold.id] = HoldRecord(hold, "tree" not in f)
    for name in ends.keys() & records.keys():
        end_ = ends[name]
        records[name] = replace(records[name], ended=end_.at, ended_by=end_.facts["actor"], why=end_.facts["reason"])
    return list(records.values())


def _tree(scope: str, at: int, *, accepted: bool = False) -> Tree:
    return parse(scope, now=datetime.fromtimestamp(at / 1000, UTC), accepted=accepted)


def _asks_content(tree: Tree) -> bool:
    """Whether the result of a query depends on the content of the message."""
    match tree:
        case And(parts) | Or(parts):
            return any(_asks_content(part) for part in parts)
        case Not(part):
            return _asks_content(part)
        case Words(field) | Token(field):
            return field not in _OF_HEAD
        case Range(field):
            return field in {"date", "attachments"}
        case Digits() | Among() | Everything():
            return False
    return True  # an unknown kind of leaf
