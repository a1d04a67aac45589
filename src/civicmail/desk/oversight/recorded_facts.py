"""Recorded facts and decisions of archived mail, never a byte of a message. Without Django.

The only module of this floor with access to the archive without a permit (pyproject.toml, "machine doors"). It returns numbers and
ids only; reading a message takes an examination.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from civicmail.city.policy.dispositions import Disposition, Facts
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.workbench.batch_read import location
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture


@dataclass(frozen=True, slots=True)
class RecordedFacts:
    """One capture as rules saw it. id: UUID; source: kind of entry point; facts: of the message; copies: of each recipient, with
    the decision."""

    id: str
    received: int
    source: str
    facts: Facts
    copies: tuple[Disposition, ...]


class Heads:
    """A view of one moment. Not safe for two threads at once."""

    def __init__(self, data: Path) -> None:
        self._machine = Machine(data)

    def facts_of(self, id_: bytes) -> RecordedFacts:
        """Raises NotInArchive, DamagedFile."""
        return _recorded_facts(self._machine.capture(id_))

    def each(self, ids: Sequence[bytes]) -> Iterator[RecordedFacts | str]:
        """The facts of each capture, or why they cannot be read; read in storage order, returned in the requested order."""
        by_id: dict[bytes, RecordedFacts | str] = {}
        places = [place for id_ in ids if (place := self._machine.place(id_)) is not None]
        for place in sorted(places, key=location):
            by_id[place.id] = self._at(place)
        return (by_id.get(id_, "Nothing is kept under this id.") for id_ in ids)

    def ids(self, first: int, last: int, *, before: bytes = b"", most: int) -> Iterator[list[bytes]]:
        """The ids of captures of this time, newest first, in lists of at most `most`; only those before `before`, if that is not
        empty."""
        found = (place.id for place in self._machine.places(first, last) if not before or place.id < before)
        while batch := list(islice(found, most)):
            yield batch

    def newest(self, first: int, last: int) -> Iterator[RecordedFacts]:
        """The facts of captures received from first to last (ms, both included), newest first; without unreadable ones."""
        for place in self._machine.places(first, last):
            if not isinstance(recorded := self._at(place), str):
                yield recorded

    def _at(self, place: Place) -> RecordedFacts | str:
        try:
            return _recorded_facts(self._machine.at(place))
        except (DamagedFile, NotInArchive) as error:
            return str(error)


def _recorded_facts(capture: Capture) -> RecordedFacts:
    return RecordedFacts(capture.uuid, capture.received, capture.source.kind, capture.facts, capture.dispositions)
