"""Read many captures in storage order and return them in the requested order.

Neighbors share a compressed frame, so storage order is many times faster.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.workbench.errors import OutOfScope
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.places import InJournal, InSegment, Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.search import Hit

if TYPE_CHECKING:  # reading bytes alone needs no ledger
    from civicmail.desk.workbench.export import Message

BATCH_SIZE = 5000
BATCH_BYTES = 32_000_000

Read = Callable[[Place], "Message"]
"""Read the capture at a place, after a check of permission; raises DamagedFile, NotInArchive or OutOfScope."""


def in_groups(hits: Iterator[Hit]) -> Iterator[list[Hit]]:
    """Hits in groups of 5,000 or, if that is less, of 32 MB."""
    some: list[Hit] = []
    size = 0
    for hit in hits:
        some.append(hit)
        size += hit.size
        if len(some) >= BATCH_SIZE or size >= BATCH_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def read[Found](archive: Archive, read_one: Callable[[Place], Found], batch: list[Hit]) -> Iterator[tuple[Hit, Found | str]]:
    """Yield each hit, in their order, with what was read or why it could not be read."""
    places = [archive.place(uuid.UUID(hit.id).bytes) for hit in batch]
    results: list[Found | str] = ["Nothing is kept under this id."] * len(batch)
    for n, place in sorted(((n, p) for n, p in enumerate(places) if p), key=lambda numbered: location(numbered[1])):
        try:
            results[n] = read_one(place)
        except (DamagedFile, NotInArchive, OutOfScope) as error:
            results[n] = str(error)
    yield from zip(batch, results, strict=True)


def location(place: Place) -> tuple[str, int, int]:
    """Sort key: storage order."""
    match place.where:
        case InSegment(_, _, segment, frame, offset):
            return segment, frame, offset
        case InJournal(path, offset):
            return str(path), offset, 0
