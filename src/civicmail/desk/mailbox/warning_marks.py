"""The warnings of received messages, from their records: a record never changes, so each is read once. Knows no Django."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection

from civicmail.city.guard.permits import Permit
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive

log = get_logger()
MAX_CACHED = 50_000
MarkedCopies = tuple[tuple[str, frozenset[str]], ...]
"""For each recipient: the mailbox or address, lower case, and the names of the marks."""


class WarningMarks:
    """Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, MarkedCopies] = OrderedDict()

    def get(self, archive: Archive, permit: Permit, id_: bytes, addresses: Collection[str]) -> frozenset[str]:
        """Names of the marks of the copies for these addresses; none if the capture cannot be read."""
        with self._lock:
            copies = self._known.get(id_)
        if copies is None:
            try:
                copies = _read(archive, permit, id_)
            except (DamagedFile, NotInArchive) as error:
                log.warning("marks.unreadable", capture=id_.hex(), error=type(error).__name__)
                return frozenset()
            with self._lock:
                self._known[id_] = copies
                if len(self._known) > MAX_CACHED:
                    self._known.popitem(last=False)
        return frozenset(name for box, names in copies if box in addresses for name in names)


def _read(archive: Archive, permit: Permit, id_: bytes) -> MarkedCopies:
    place = archive.place(id_)
    if place is None:
        return ()
    capture = archive.capture(permit, place)
    to = capture.envelope.recipients
    return tuple(
        ((to[d.to].box or to[d.to].address).lower(), frozenset(name for name, _ in d.marks))
        for d in capture.dispositions
        if d.marks
    )
