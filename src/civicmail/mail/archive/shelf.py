"""Reading what is kept, without asking who wants to know: the inside of the archive.

Nobody outside this room imports this module (import-linter): people come through reading.Archive with a permit, and the machine
through the closed list of doors in machine.py. Every body is checked against its SHA-256 before it is handed out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from civicmail.core.disk import frames
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive import tailindex
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import same_bits
from civicmail.mail.archive.places import InJournal, InSegment, Place, digits_of
from civicmail.mail.archive.tailindex import TailIndex

Where = InJournal | InSegment


class Shelf:
    """All captures of a data folder: journals first, then segments. A view of one moment; refresh() moves it to now."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._tail = TailIndex(data)
        self.refresh()

    def refresh(self) -> None:
        self._tail.refresh()

    # -- finding -----------------------------------------------------------------------------------------------------------

    def find(self, text: str) -> list[Place]:
        """Captures that a capture id, a SHA-256 or a prefix of either names, SHA-256 filled in, oldest first.

        Raises NoId for words that can name none.
        """
        digits = digits_of(text)
        found: list[Place] = []
        if len(digits) == 64:
            found = self.by_sha256(bytes.fromhex(digits))
        elif len(digits) == 32 and (place := self.place(bytes.fromhex(digits))):
            found = [place]
        found = found or self._tail.by_prefix(digits)
        return sorted((self._filled(p) for p in found), key=lambda p: p.id)

    def place(self, id_: bytes) -> Place | None:
        """Where the capture with this id is; SHA-256 may be empty."""
        return self._tail.place(id_)

    def by_sha256(self, sha256: bytes) -> list[Place]:
        """Every capture of these bytes."""
        return self._tail.by_sha256(sha256)

    def known(self, bits: bytes, sha256: bytes) -> bool:
        """Whether a capture of these bytes has this occurrence (identity.occurrence_bits) or once-key in its id."""
        wanted = bytes(6) + bits[:10]
        return any(same_bits(place.id, wanted) for place in self.by_sha256(sha256))

    def count(self) -> int:
        """Archived captures."""
        return len(self._tail.ids())

    def captures(self, *, newest_first: bool = False) -> Iterator[Place]:
        """Every capture in order of id, which is the order of receipt; SHA-256 may be empty."""
        yield from sorted(self._tail.captures(), key=lambda p: p.id, reverse=newest_first)

    def everything(self, damaged: Callable[[DamagedFile], None]) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(capture id, head, body) of every capture in the order in which they lie on the disk; `damaged` hears of the rest."""
        for place in self._tail.captures():
            try:
                yield place.id, self.head(place), self.body(place)
            except DamagedFile as error:
                damaged(error)

    # -- reading -----------------------------------------------------------------------------------------------------------

    def head(self, place: Place) -> bytes:
        """The head of a receipt, byte for byte."""
        return self._reading(place, self._head)

    def body(self, place: Place) -> bytes:
        """The bytes of the message as they were kept; DamagedFile when they are not those any more."""
        return self._reading(place, self._body)

    def events(self, id_: bytes) -> list[bytes]:
        """Heads of the events about a capture, in no particular order."""
        return [tailindex.read_head(where) for where in self._tail.events(id_)]

    def _reading[T](self, place: Place, read: Callable[[Place], T]) -> T:
        try:
            return read(place)
        except FileNotFoundError:  # sealed, or rewritten, since it was found
            self.refresh()
            again = self.place(place.id)
            if again is None:
                raise NotInArchive(f"Nothing is kept under {place.uuid} any more.") from None
            return read(again)

    def _head(self, place: Place) -> bytes:
        assert isinstance(place.where, InJournal)
        return tailindex.read_head(place.where)

    def _body(self, place: Place) -> bytes:
        assert isinstance(place.where, InJournal)
        return self._journal_body(place.where)

    def _journal_body(self, where: InJournal) -> bytes:
        flags, id_, sha256, body = tailindex.read_body(where)
        if flags & frames.SPOOLED:
            spool = where.path.parent / "spool" / id_.hex()
            try:
                body = spool.read_bytes()
            except FileNotFoundError:
                if not where.path.exists():
                    raise
                raise DamagedFile(f"The spool file {spool.name} of journal {where.path.parent.name} is missing.") from None
        return checked(body, sha256, str(where.path.name))

    def _filled(self, place: Place) -> Place:
        return place


def checked(body: bytes, sha256: bytes, where: str) -> bytes:
    """The body, when it has this SHA-256; else DamagedFile. where: for the sentence."""
    if hashlib.sha256(body).digest() != sha256:
        raise DamagedFile(f"The bytes of message {sha256.hex()} in {where} are not those that were kept.")
    return body
