"""Read the archive without a check of permits. Only modules of the archive and those on a closed list may import this.

Nobody outside this room imports this module (import-linter): people come through reading.Archive with a permit, and the machine
through the closed list of doors in machine.py. Every body is checked against its SHA-256 before it is handed out.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

from civicmail.core.disk import frames
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive import seal_state, tail_index
from civicmail.mail.archive.catalogue import Catalogue
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import received_of, same_bits
from civicmail.mail.archive.places import InJournal, InSegment, Place, digits_of
from civicmail.mail.archive.records import month_of
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.sealed import Sealed
from civicmail.mail.archive.tail_index import TailIndex

_VIEWS_MOST = 5
Years = frozenset[int] | None
"""Years of receipt (UTC), None for all."""


class Store:
    """All captures of a data folder: journals first, then segments. A view of one moment; refresh() moves it to now."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.tail = TailIndex(data)
        self.catalogue = Catalogue(data)
        self.sealed = Sealed(data)
        self.refresh()

    def refresh(self) -> None:
        """Refresh the view. If a seal commits meanwhile, refresh again, so that each record is in one place of the view."""
        for _ in range(_VIEWS_MOST):
            before = self._seal_state()
            self.tail.refresh(skip=before.paths(self.data) if before and before.committed else ())
            self.catalogue.refresh(ignore=before.batch if before and not before.committed else "")
            if self._seal_state() == before:
                return

    def _seal_state(self) -> SealState | None:
        """The state of a seal. If it is unreadable everything is read, some of it perhaps twice; `verify` reports it."""
        try:
            return seal_state.read(self.data)
        except DamagedFile:
            return None

    # -- finding -----------------------------------------------------------------------------------------------------------

    def find(self, text: str) -> list[Place]:
        """Captures that a capture id, a SHA-256 or a prefix of either names, SHA-256 filled in, oldest first.

        Raises InvalidId for words that can name none.
        """
        digits = digits_of(text)
        if len(digits) == 64:
            places = self.by_sha256(bytes.fromhex(digits))
        elif len(digits) == 32 and (place := self.place(bytes.fromhex(digits))):
            places = [place]
        else:
            places = self.tail.by_prefix(digits) + self._look(lambda: self._sealed_by_prefix(digits))
        return sorted((self._filled(p) for p in {p.id: p for p in places}.values()), key=lambda p: p.id)

    def place(self, id_: bytes) -> Place | None:
        """The place of the capture with this id; its SHA-256 may be empty."""
        return self.tail.place(id_) or self._look(lambda: self._sealed_place(id_))

    def by_sha256(self, sha256: bytes) -> list[Place]:
        """Every capture of these bytes."""
        candidates = self._look(lambda: self.catalogue.by_hash_prefix(sha256.hex()))
        sealed = (self._filled(place) for place in candidates)
        return self.tail.by_sha256(sha256) + [place for place in sealed if place.sha256 == sha256]

    def known(self, bits: bytes, sha256: bytes) -> bool:
        """Whether a capture of these bytes has this occurrence (identity.occurrence_bits) or once-key in its id."""
        pattern = bytes(6) + bits[:10]
        if any(same_bits(place.id, pattern) for place in self.tail.by_sha256(sha256)):
            return True
        return any(same_bits(p.id, pattern) for p in self._look(lambda: self.catalogue.by_hash_prefix(sha256.hex())))

    def count(self) -> int:
        """Archived captures."""
        return self.tail.count() + self._look(self.catalogue.count)

    def captures(self, *, newest_first: bool = False, years: Years = None) -> Iterator[Place]:
        """Every capture in order of id, which is the order of receipt; SHA-256 may be empty."""
        tail = sorted((p for p in self.tail.captures() if _is_of(p.id, years)), key=_id, reverse=newest_first)
        rows = self.catalogue.each(self._months(years), newest_first=newest_first)
        sealed = (Place(e.id, b"", e.where) for e in rows if not e.events)
        before = b""
        for place in heapq.merge(tail, sealed, key=_id, reverse=newest_first):
            if place.id != before:  # a seal at the same time may show one twice
                yield place
            before = place.id

    def between(self, low: bytes, high: bytes) -> Iterator[Place]:
        """Captures whose ids lie from low to high, newest first, one at a time; SHA-256 may be empty."""
        tail = sorted(self.tail.between(low, high), key=_id, reverse=True)
        sealed = (Place(e.id, b"", e.where) for e in self.catalogue.between(low, high) if not e.events)
        before = b""
        for place in heapq.merge(tail, sealed, key=_id, reverse=True):
            if place.id != before:
                yield place
            before = place.id

    def count_between(self, low: bytes, high: bytes) -> int:
        """The number of captures with ids from low to high."""
        return len(self.tail.between(low, high)) + self._look(lambda: self.catalogue.count_between(low, high))

    # -- reading -----------------------------------------------------------------------------------------------------------

    def head(self, place: Place) -> bytes:
        """The head of a receipt, byte for byte."""
        return self._reading(place, self._head)

    def body(self, place: Place) -> bytes:
        """The bytes of the message; DamagedFile if they have changed."""
        return self._reading(place, self._body)

    def events(self, id_: bytes) -> list[bytes]:
        """Heads of the events about a capture, in no particular order."""
        try:
            return self._events(id_)
        except FileNotFoundError:
            self.refresh()
            return self._events(id_)

    def everything(self, damaged: Callable[[DamagedFile], None], years: Years = None) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(capture id, head, body) of every capture in disk order; `damaged` is called with what cannot be read."""
        for place in self._as_they_lie(years):
            try:
                yield place.id, self.head(place), self.body(place)
            except DamagedFile as error:
                damaged(error)
            except NotInArchive:
                continue  # disposed of since the lookup

    def _as_they_lie(self, years: Years) -> Iterator[Place]:
        """Sealed captures segment by segment, frame by frame, then those in journals."""
        for month in self._months(years):
            for run in self.catalogue.runs_now(month):
                yield from (Place(e.id, b"", e.where) for e in run.by_place() if not e.events)
        yield from (place for place in self.tail.captures() if _is_of(place.id, years))

    def _months(self, years: Years) -> list[str]:
        return [month for month in self.catalogue.months if years is None or _year(month) in years]

    def _look[T](self, lookup: Callable[[], T]) -> T:
        """Look up in the catalogue; if runs were merged since the last lookup, read the new ones."""
        try:
            return lookup()
        except FileNotFoundError:
            self.refresh()
            return lookup()

    def _reading[T](self, place: Place, read: Callable[[Place], T]) -> T:
        try:
            return read(place)
        except FileNotFoundError:  # sealed, or rewritten, since the lookup
            self.sealed.forget()
            self.refresh()
            again = self.place(place.id)
            if again is None:
                raise NotInArchive(f"{place.uuid} is no longer in the archive.") from None
            return read(again)

    def _sealed_place(self, id_: bytes) -> Place | None:
        return next((Place(id_, b"", e.where) for e in self.catalogue.by_id(id_) if not e.events), None)

    def _sealed_by_prefix(self, digits: str) -> list[Place]:
        by_id = self.catalogue.by_id_prefix(digits) if len(digits) <= 32 else []
        by_hash = [self._filled(place) for place in self.catalogue.by_hash_prefix(digits)]
        return by_id + [place for place in by_hash if place.sha256.hex().startswith(digits)]

    def _filled(self, place: Place) -> Place:
        if place.sha256:
            return place
        return Place(place.id, bytes.fromhex(orjson.loads(self.head(place))["sha256"]), place.where)

    def _head(self, place: Place) -> bytes:
        if isinstance(place.where, InSegment):
            return self.sealed.head(place.where, place.id)
        return tail_index.read_head(place.where)

    def _body(self, place: Place) -> bytes:
        if isinstance(place.where, InJournal):
            return self._journal_body(place.where)
        body, sha256 = self.sealed.body(place.where, place.id)
        return checked(body, sha256, f"segment {place.where.segment}")

    def _events(self, id_: bytes) -> list[bytes]:
        heads = [tail_index.read_head(where) for where in self.tail.events(id_)]
        for entry in self.catalogue.by_id(id_):
            heads += self.sealed.events(entry.where, id_)
        return heads

    def _journal_body(self, where: InJournal) -> bytes:
        flags, id_, sha256, body = tail_index.read_body(where)
        if flags & frames.SPOOLED:
            spool = where.path.parent / "spool" / id_.hex()
            try:
                body = spool.read_bytes()
            except FileNotFoundError:
                if not where.path.exists():
                    raise
                raise DamagedFile(f"The spool file {spool.name} of journal {where.path.parent.name} is missing.") from None
        return checked(body, sha256, f"journal {where.path.parent.name}")


def checked(body: bytes, sha256: bytes, where: str) -> bytes:
    """The body, when it has this SHA-256; else DamagedFile. where: for the sentence."""
    if hashlib.sha256(body).digest() != sha256:
        raise DamagedFile(f"The bytes of message {sha256.hex()} in {where} are not those that were kept.")
    return body


def _id(place: Place) -> bytes:
    return place.id


def _is_of(id_: bytes, years: Years) -> bool:
    return years is None or _year(month_of(received_of(id_))) in years


def _year(month: str) -> int:
    """The year as the index counts it: up to the last year of the calendar."""
    return min(int(month.partition("-")[0]), 9999)
