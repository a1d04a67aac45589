"""Files that a repair moved to damaged/, and how long they are retained (P-23, promise 3).

A piece contains bytes of lost records. If it consists of frames with readable heads, their classes decide. Otherwise the owner of
its mail is unknown, and it stays until every schedule in force would dispose of it. Any hold in force retains it, because its
coverage cannot be checked. Its time is when its file was last written, which is never before its mail was received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.city.law.schedules import Schedules
from civicmail.core.disk import frames
from civicmail.core.disk.files import Files
from civicmail.core.disk.frames import NO_ID
from civicmail.mail.archive import classes
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.store import Store


@dataclass(frozen=True, slots=True)
class Piece:
    """A file in damaged/<journal>/. changed: when it was last written, ms."""

    journal: str
    path: Path
    changed: int

    @property
    def plain(self) -> dict[str, Any]:
        """Its description in a certificate."""
        content = self.path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        return {"journal": self.journal, "file": self.path.name, "size": len(content), "sha256": sha256}


def pieces(data: Path) -> Iterator[Piece]:
    """Every file in damaged/, in order of name."""
    for path in sorted((data / "damaged").glob("*/*")):
        if path.is_file():
            yield Piece(path.parent.name, path, path.stat().st_mtime_ns // 1_000_000)


def decide(piece: Piece, store: Store, schedules: Schedules, *, held: bool, now: int) -> str:
    """The word of a decision ("due" when it may go), or "held"."""
    if held:
        return "held"
    named_classes = _classes(piece.path.read_bytes(), store, schedules)
    return schedules.decide(named_classes or set(schedules.by_class), piece.changed, now).why


def _classes(content: bytes, store: Store, schedules: Schedules) -> set[str]:
    """The classes of the receipts in a piece; empty if any byte of it belongs to no readable receipt."""
    result: set[str] = set()
    at = 0
    while at < len(content):
        if at + frames.FIXED.size > len(content):
            return set()
        magic, _, _, _, head, _, body, *_ = frames.FIXED.unpack_from(content, at)
        end = at + frames.size_of(head, body)
        if magic != frames.MAGIC or head > frames.HEAD_MAX or end > len(content):
            return set()
        start = at + frames.FIXED.size
        try:
            capture = Capture.from_head(content[start : start + head])
        except (ValueError, KeyError, TypeError, LookupError):  # damaged, or the head of an event
            return set()
        result |= classes.classes_of(capture, map(Event.from_head, store.events(capture.id)), schedules)
        at = end
    return result


def certify(data: Path, facts: dict[str, Any], now: int, files: Files) -> None:
    """Make the certificate about pieces durable, before the first of them is removed."""
    write_events(data, [Event(Type.DISPOSED, NO_ID, now, facts=facts)], now, files)


def remove(data: Path, certified: Iterable[dict[str, Any]], files: Files) -> int:
    """Remove the pieces that certificates name; how many. May be done any number of times."""
    named = {(p["journal"], p["file"], p["sha256"]) for facts in certified for p in facts.get("damaged", ())}
    removed = [p for p in pieces(data) if named and (p.journal, p.path.name, p.plain["sha256"]) in named]
    for piece in removed:
        files.unlink(piece.path)
    for folder in sorted({piece.path.parent for piece in removed}):
        files.sync_folder(folder)
    return len(removed)
