"""Records that control retention: holds, schedules, classes and certificates, read only from the store (promise 3).

They are records like all others: in journals until they are sealed, then in segments of class `ledger`, which are never removed.
Writing one takes the lease `retention` for a moment, and so does acting on them, so that neither can happen during the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.lease import Lease, moment
from civicmail.mail.archive import segments, tail_index, warc
from civicmail.mail.archive.commit import Entering, write_entered
from civicmail.mail.archive.errors import MissingReason
from civicmail.mail.archive.gather import LEDGER_CLASS
from civicmail.mail.archive.places import InJournal
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal_state import read as seal_state
from civicmail.mail.archive.segments import Row
from civicmail.mail.archive.store import Store

KEEPING = frozenset({Type.HOLD, Type.HOLD_END, Type.CLASS, Type.SCHEDULE})
"""Record types that change whether a capture is retained."""
_VIEWS_MOST = 5
_remembered: dict[tuple[Path, str], tuple[Event, ...]] = {}
"""Records of KEEPING in segments that were read for pages: a segment never changes under its name."""


def take(data: Path) -> Lease:
    """Take the lease under which no rule can be written; others wait. Raises LeaseHeld after some seconds."""
    try:
        return moment(data, "retention")
    except LeaseHeld:
        raise LeaseHeld("Nothing was changed: another person is changing holds and schedules. Try again.") from None


def write(
    data: Path,
    event: Event,
    entering: Entering,
    files: Files = OS_FILES,
    *,
    entered: dict[str, Any] | None = None,
    agree: Callable[[], None] = lambda: None,
) -> None:
    """Make one record durable, with the entry of its actor; waits for other writers. entered: facts for the entry; agree: called
    under the lease, and what it raises stops the write. Raises LeaseHeld, MissingReason without actor or reason."""
    for what in ("actor", "reason"):
        if not str(event.facts.get(what, "")).strip():
            raise MissingReason(f"Say the {what}: it stays in the record.")
    with take(data):
        agree()
        write_entered(data, [event], event.at, entering, entered or {}, files)


def read(store: Store, types: Collection[int], *, for_page: bool = False) -> list[Event]:
    """Every durable record of these types that is about no capture, in order of time. for_page: segments that this process read
    before are not read again, so never for a decision. Raises DamagedFile, KeyMissing if the rules cannot be read."""
    for attempt in range(_VIEWS_MOST):
        with suppress(FileNotFoundError):  # sealed or rewritten while we look
            events = {(e.journal, e.number): e for e in _all(store, for_page) if e.type in types}
            return sorted(events.values(), key=lambda e: (e.at, e.journal, e.number))
        if attempt < _VIEWS_MOST - 1:
            store.refresh()
    raise FileNotFoundError(store.data / "segments")


def _all(store: Store, for_page: bool) -> Iterator[Event]:
    """Read journals first, so that records that are sealed meanwhile are read twice rather than missed."""
    for where in store.tail.events(NO_ID):
        yield Event.from_head(tail_index.read_head(where))
    for class_, month, name in segments.listed(store.data):
        state = seal_state(store.data)
        if class_ == LEDGER_CLASS and not (state and not state.committed and name.startswith(state.batch)):
            if not for_page:
                yield from _sealed(store, (class_, month, name))
                continue
            key = store.data, f"{month}/{name}"
            if key not in _remembered:
                _remembered[key] = tuple(e for e in _sealed(store, (class_, month, name)) if e.type in KEEPING)
            yield from _remembered[key]


def _sealed(store: Store, name: tuple[str, str, str]) -> Iterator[Event]:
    segment = store.sealed.segment(*name)
    by_frame: dict[int, list[Row]] = {}
    for row in segment.rows():
        if row.type >= Type.HOLD and row.id == NO_ID:
            by_frame.setdefault(row.frame, []).append(row)
    for number, rows in by_frame.items():
        frame = segment.frame(number)
        for row in rows:
            record = warc.parse(frame, row.offset)
            if record is not None:  # one that is not there is for `verify`; the frame itself passed its check
                yield Event.from_head(frame[record.start : record.stop])


class Watch:
    """The records of journals at the time of a decision. Hold the lease `seal`: then records are only added, and none is
    removed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._before = set(store.tail.records())

    def came(self) -> list[tuple[bytes, Event]]:
        """(capture id, event) of every record that came since, receipts left out."""
        self._store.refresh()
        new: set[tuple[bytes, InJournal]] = set(self._store.tail.records()) - self._before
        return [(id_, Event.from_head(tail_index.read_head(where))) for id_, where in new]
