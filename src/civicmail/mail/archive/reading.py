"""Guarded reading of the archive: no content without a permit (promise 4).

Finding and counting captures need no permit, because they show no content. A permit exists only after its audit entry was written,
so every reader here has left a trace. Operators, who have no permit, see only envelopes (docs/decisions/0029).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.permits import Permit
from civicmail.mail.archive.envelopes import MessageTrace, trace_of
from civicmail.mail.archive.explanation import MessageExplanation, explain
from civicmail.mail.archive.identity import earlier, edges
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture, Event
from civicmail.mail.archive.store import Store


class Archive:
    """The archive of a data folder, for people. A view of one moment: refresh() moves it to now. Not safe for two threads at
    once."""

    def __init__(self, data: Path) -> None:
        self._store = Store(data)

    def refresh(self) -> None:
        self._store.refresh()

    def find(self, text: str) -> list[Place]:
        """Captures named by a capture id (dashes optional), a SHA-256, or at least 12 digits of either, oldest first.

        Several places mean that the words are ambiguous, or that the same bytes were captured several times; none mean that no
        capture matches. Raises InvalidId for malformed words.
        """
        return self._store.find(text)

    def place(self, id_: bytes) -> Place | None:
        """The place of the capture with this id (16 bytes); the SHA-256 in it may be empty."""
        return self._store.place(id_)

    def count(self) -> int:
        """The number of captures."""
        return self._store.count()

    def known(self, bits: bytes, sha256: bytes) -> bool:
        """Whether these bytes are archived under this occurrence (identity.occurrence_bits) or once-key (identity.once_bits)."""
        return self._store.known(bits, sha256)

    def captures(self, *, newest_first: bool = False) -> Iterator[Place]:
        """Every capture in order of receipt; the SHA-256 in a place may be empty."""
        return self._store.captures(newest_first=newest_first)

    def window(self, since: int, until: int, before: bytes = b"") -> Iterator[Place]:
        """Captures received from `since` to `until` (ms, both included), newest first; only those before the capture id `before`,
        where one is given. The SHA-256 in a place may be empty."""
        low, high = edges(since, until)
        return self._store.between(low, min(high, earlier(before)) if before else high)

    def count_in(self, since: int, until: int) -> int:
        """The number of captures received from `since` to `until` (ms, both included)."""
        return self._store.count_between(*edges(since, until))

    def envelope(self, actor: Actor, place: Place, *, now: int) -> MessageTrace:
        """The envelope of a capture, its states and times, for actors who may `system.see`; never its content. Raises NotPermitted,
        DamagedFile, NotInArchive. now: ms."""
        guard.require(actor, "system.see", now=now)
        events = [Event.from_head(head) for head in self._store.events(place.id)]
        return trace_of(Capture.from_head(self._store.head(place)), events)

    def explained(self, actor: Actor, place: Place, *, now: int) -> MessageExplanation:
        """The findings about a capture and the rules that they triggered, for actors who may `system.see`; never its content.
        Raises NotPermitted, DamagedFile, NotInArchive. now: ms."""
        guard.require(actor, "system.see", now=now)
        events = [Event.from_head(head) for head in self._store.events(place.id)]
        return explain(Capture.from_head(self._store.head(place)), events)

    def capture(self, permit: Permit, place: Place) -> Capture:
        """Envelope, findings and dispositions of a capture. Raises NotPermitted, DamagedFile, NotInArchive."""
        return Capture.from_head(self.head(permit, place))

    def head(self, permit: Permit, place: Place) -> bytes:
        """The head of the receipt, byte for byte: what the ledger's leaf is made of."""
        _spend(permit)
        return self._store.head(place)

    def body(self, permit: Permit, place: Place) -> bytes:
        """The bytes of the message, checked against their SHA-256. Raises NotPermitted, DamagedFile, NotInArchive."""
        _spend(permit)
        return self._store.body(place)

    def events(self, permit: Permit, id_: bytes) -> list[Event]:
        """Events of a capture, in order of time."""
        _spend(permit)
        history = [Event.from_head(head) for head in self._store.events(id_)]
        return sorted(history, key=lambda event: (event.at, event.journal, event.number))


def _spend(permit: Permit) -> None:
    if not isinstance(permit, Permit):
        raise NotPermitted("Content is shown on a permit only, and a permit is made by access.guard.")
