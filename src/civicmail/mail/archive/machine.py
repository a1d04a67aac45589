"""Access to captures without a permit, for delivery, indexing, sealing, import and verification. The list of users is closed.

pyproject.toml lists the modules that may import this one ("machine doors"). The list is short on purpose and has nothing that shows
content to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import edges
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture, Event
from civicmail.mail.archive.store import Store, Years, checked


@dataclass(frozen=True, slots=True)
class Stored:
    """One capture with its bytes. head: of the receipt, byte for byte."""

    id: bytes
    head: bytes
    body: bytes


class Machine:
    """The data folder as the machine reads it, at one moment; refresh() moves it to now."""

    def __init__(self, data: Path) -> None:
        self._store = Store(data)

    def refresh(self) -> None:
        self._store.refresh()

    def known(self, bits: bytes, sha256: bytes) -> bool:
        """Whether these bytes are archived under this occurrence (identity.occurrence_bits) or once-key (identity.once_bits)."""
        return self._store.known(bits, sha256)

    def count(self) -> int:
        return self._store.count()

    def capture(self, id_: bytes) -> Capture:
        """Raises NotInArchive, DamagedFile."""
        return Capture.from_head(self._store.head(self._place(id_)))

    def places(self, since: int, until: int) -> Iterator[Place]:
        """Captures received from `since` to `until` (ms, both included), newest first."""
        return self._store.between(*edges(since, until))

    def place(self, id_: bytes) -> Place | None:
        return self._store.place(id_)

    def at(self, place: Place) -> Capture:
        """The capture at this place. Raises NotInArchive, DamagedFile."""
        return Capture.from_head(self._store.head(place))

    def body(self, id_: bytes) -> bytes:
        """The bytes of a message, checked against their SHA-256. Raises NotInArchive, DamagedFile."""
        return self._store.body(self._place(id_))

    def events(self, id_: bytes) -> list[Event]:
        """Events of a capture, in order of time."""
        history = [Event.from_head(head) for head in self._store.events(id_)]
        return sorted(history, key=lambda event: (event.at, event.journal, event.number))

    def all_captures(self, damaged: Callable[[DamagedFile], None], years: Years = None) -> Iterator[Stored]:
        """Every capture with its bytes, in disk order, for rebuilding derived data. Unreadable captures are left out, and `damaged`
        is called once for each. years: of receipt, None for all."""
        return (Stored(*stored) for stored in self._store.everything(damaged, years))

    def ids(self, years: Years = None) -> Iterator[bytes]:
        """The ids of all captures, or of those received in these years, in order."""
        return (place.id for place in self._store.captures(years=years))

    def _place(self, id_: bytes) -> Place:
        place = self._store.place(id_)
        if place is None:
            self._store.refresh()
            place = self._store.place(id_)
        if place is None:
            raise NotInArchive(f"Nothing is kept under {id_.hex()}.")
        return place


def as_of_now(kept: Machine | None, data: Path) -> Machine:
    """The given view refreshed, or a new one. A new view reads all unsealed records, a fifth of a second for thirty thousand
    messages; frequent callers keep theirs."""
    if kept is None:
        return Machine(data)
    kept.refresh()
    return kept


def body_of(record: Record) -> bytes:
    """The bytes of a receipt record of a journal, checked, wherever they are by now: frame, spool file or segment."""
    body = record.body
    if record.spool is not None:
        try:
            body = record.spool.read_bytes()
        except FileNotFoundError:
            return Machine(record.path.parents[2]).body(record.id)
    return checked(body, record.sha256, record.path.name)
