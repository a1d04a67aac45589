"""The kept bytes of a capture that waits, read where they lie: journal, spool, or segment. Nothing large is held in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy.dispositions import Finding
from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import mapped
from civicmail.core.message.filter_verdicts import header_of
from civicmail.mail.archive.machine import Machine, as_of_now
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.courier import notice_headers

_PIECE = 1 << 18
_MAX_HEADER = 8 << 20


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """One capture: its head read, its bytes in `body` or in the file `spool`."""

    capture: Capture
    body: bytes
    spool: Path | None = None

    def pieces(self) -> Iterator[bytes]:
        """The exact bytes, in pieces of at most 256 KiB. Raises DamagedFile at their end if they are not the received bytes."""
        hash_ = hashlib.sha256()
        for piece in self._pieces():
            hash_.update(piece)
            yield piece
        if hash_.digest() != self.capture.sha256:
            raise DamagedFile(f"The kept bytes of {self.capture.uuid} do not have the SHA-256 of their receipt.")

    def header(self) -> bytes:
        """The bytes before the first empty line; of a message that has none in its first 8 MiB those."""
        start = b""
        for piece in self._pieces():
            start += piece
            if (header := header_of(start)) is not None:
                return header
            if len(start) > _MAX_HEADER:
                break
        return start

    def _pieces(self) -> Iterator[bytes]:
        if self.spool is None:
            for at in range(0, len(self.body), _PIECE):
                yield self.body[at : at + _PIECE]
            return
        with self.spool.open("rb") as h:
            while piece := h.read(_PIECE):
                yield piece


class Store:
    """Where captures that wait are read from: the journal they came in, and the archive once that was sealed. Any thread."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._machine: Machine | None = None
        self._lock = threading.Lock()

    def read(self, entry: Entry) -> ArchivedMessage:
        """Raises NotInArchive, DamagedFile. Blocks."""
        return self._from_journal(entry) or self._from_archive(entry)

    def notes(
        self, entry: Entry, kept: ArchivedMessage, index: int, host: str, more: tuple[tuple[str, str], ...] = ()
    ) -> list[str]:
        """Notices for the reader of one copy, from the receipt or from a later screening. more: marks that no rule has set. Raises
        NotInArchive, DamagedFile."""
        copy, findings = entry.copies[index], kept.capture.findings
        if copy.decided[3]:
            with self._lock:
                decided = [event for event in self._archive().events(entry.id) if event.type == Type.DECIDED]
            findings = tuple(Finding(**f) for f in decided[-1].facts.get("findings", ())) if decided else findings
        return notice_headers.notice_lines(host, findings, (*copy.marks_in_force, *more), kept.capture.uuid)

    def is_sealed(self, entry: Entry) -> bool:
        """Whether reading means to decrypt the whole body into memory."""
        return not self._path(entry).exists()

    def _path(self, entry: Entry) -> Path:
        return journal.folder(self._data) / entry.journal / f"{entry.file:016d}.log"

    def _from_journal(self, entry: Entry) -> ArchivedMessage | None:
        path = self._path(entry)
        try:
            with mapped(path) as m:
                frame = frames.decode(m, entry.offset)
                if frame is None or frame.number != entry.number or frame.id != entry.id:
                    return None
                capture, spooled = Capture.from_head(bytes(frame.head)), frame.spooled
                body = b"" if spooled else bytes(frame.body)
                frame.head.release()
                frame.body.release()
        except FileNotFoundError:
            return None
        spool = path.parent / "spool" / entry.id.hex() if spooled else None
        return None if spool is not None and not spool.exists() else ArchivedMessage(capture, body, spool)

    def _from_archive(self, entry: Entry) -> ArchivedMessage:
        with self._lock:
            machine = self._archive()
            return ArchivedMessage(machine.capture(entry.id), machine.body(entry.id))

    def _archive(self) -> Machine:
        self._machine = as_of_now(self._machine, self._data)  # what was a journal when it last looked may be a segment now
        return self._machine
