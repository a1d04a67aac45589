"""Deliver batches to local mailboxes: read, write and sync many messages side by side. Blocks; runs in a thread of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import Files
from civicmail.core.disk.free_space import Room
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import strip_client
from civicmail.mail.courier.archived_message import ArchivedMessage, Store
from civicmail.mail.courier.delivery_outcome import Result, our_fault
from civicmail.mail.courier.hops import Routes
from civicmail.mail.courier.jobs import Job
from civicmail.mail.courier.maildir import Maildir
from civicmail.mail.courier.marking import CopyMarker
from civicmail.mail.courier.rendering import fields_to_remove, header_lines, missing_fields, render, sent_facts

log = get_logger()

_THREADS = 8
_TAKEN = "2.0.0 in the mailbox"
NO_ROOM = "4.3.1 too little is free on the volume of the mailboxes; it is delivered as soon as there is room"


@dataclass(slots=True)
class HandedOver:
    """The outcome of a job. capture: None if it could not be read; boxes: the mailboxes of the recipients' copies."""

    job: Job
    capture: Capture | None = None
    results: dict[int, Result] = field(default_factory=dict)
    boxes: dict[int, Path] = field(default_factory=dict)

    @property
    def lacks_room(self) -> bool:
        """Whether a copy waits until the volume has room."""
        return any(result.reply == NO_ROOM for result in self.results.values())

    @property
    def is_old_news(self) -> bool:
        """Whether all of its copies wait for space, and the journal already says so."""
        copies = self.job.entry.copies
        return all(result.reply == NO_ROOM == copies[i].reply for i, result in self.results.items())


class Local:
    """Delivers to <data>/maildir. room: of its volume, which copies leave untouched."""

    def __init__(
        self, data: Path, store: Store, routes: Routes, host: str, files: Files, marking: CopyMarker, *, room: Room
    ) -> None:
        self._marking = marking
        self._room = room
        self._maildir = Maildir(data, files)
        self._store = store
        self._routes = routes
        self._host = host
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="maildir")

    def deliver(self, jobs: list[Job]) -> list[HandedOver]:
        """Put all copies into their mailboxes, then sync each mailbox once; only then is a copy called delivered."""
        handed = self._in_parallel(self._deliver_job, jobs)
        boxes = list({box for h in handed for i, box in h.boxes.items() if h.results[i].took})
        settled = zip(boxes, self._in_parallel(self._sync_mailbox, boxes), strict=True)
        failed = {box: error for box, error in settled if error is not None}
        for h in handed:
            for index, box in h.boxes.items():
                if h.results[index].took and box in failed:
                    h.results[index] = our_fault(failed[box])
        return handed

    def close(self) -> None:
        self._pool.shutdown()

    def _in_parallel[Thing, Done](self, work: Callable[[Thing], Done], things: list[Thing]) -> list[Done]:
        """In order. One alone needs no other thread, and most come alone."""
        return list((map if len(things) == 1 else self._pool.map)(work, things))

    def _sync_mailbox(self, box: Path) -> OSError | None:
        try:
            self._maildir.settle(box)
        except OSError as error:
            return error
        return None

    def _deliver_job(self, job: Job) -> HandedOver:
        handed = HandedOver(job)
        try:
            kept = self._store.read(job.entry)
            handed.capture = kept.capture
            for index in job.tries:
                handed.results[index] = self._copy(job, kept, index, handed.boxes)
        except Exception as error:  # noqa: BLE001 - damage or a bug met by one message must not strand the batch
            log.error("a message could not be put into a mailbox", capture=job.entry.uuid, error=repr(error))
            handed.results = {index: our_fault(error) for index in job.tries} | handed.results
        return handed

    def _copy(self, job: Job, kept: ArchivedMessage, index: int, boxes: dict[int, Path]) -> Result:
        if not self._room.has(kept.capture.size):
            return Result(False, NO_ROOM, ours=True)
        address = kept.capture.envelope.recipients[index].address
        copy, inside = job.entry.copies[index], job.hop.inside
        marked = self._marking.mark(kept, index, copy.target, copy.marks_in_force, inside=inside)
        notes = self._store.notes(job.entry, kept, index, self._host, marked.marks) if inside else ()
        removed = fields_to_remove(kept, self._host, inside=inside)
        notes = [*notes, *missing_fields(kept, self._host)]
        lines = header_lines(kept.capture, self._host, [address], final=True, notes=notes)
        sent = strip_client.with_approved_files_only(kept, sent_facts("lf", lines, removed, marked.replaced), copy.apart)
        pieces = _Hashed(render(kept.pieces(), sent))
        name, path = kept.capture.uuid, self._routes.split(copy.target)
        try:
            box = boxes[index] = self._maildir.mailbox(path.domain, path.local)
            if name_taken := self._is_there(job, box, name, index, boxes):
                pieces.exhaust()
            else:
                self._maildir.write(box, name, pieces)
        except (OSError, CivicmailError) as error:
            return our_fault(error)
        left: dict[str, Any] = {"sha256": pieces.sha256, "sent": sent}
        return Result(True, f"{_TAKEN} already" if name_taken else _TAKEN, left=left)

    def _is_there(self, job: Job, box: Path, name: str, index: int, boxes: dict[int, Path]) -> bool:
        """Whether the mailbox already has this message: from before a crash, or for another spelling of the same address."""
        twin = any(b == box for i, b in boxes.items() if i != index)
        return (job.doubtful or twin) and self._maildir.has(box, name)


class _Hashed:
    """Pieces that are hashed as they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._hash = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            yield piece

    def exhaust(self) -> None:
        for _ in self:
            pass

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
