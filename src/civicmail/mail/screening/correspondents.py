"""Addresses that the city has written to or received mail from, as sorted 8-byte hashes in one file that gateways map.

The learning job writes the file (mail/pipeline/learning_job.py). Hashes keep it small, not secret: whoever has the folder has the
mail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.published import Watched
from civicmail.mail.screening import tablefile
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.domains import a_labels

MARK = b"CVP1"
POLL_MS = 2_000
"""Milliseconds between two looks for a new file."""

Numbers = NDArray[np.uint64]


def correspondents_path(data: Path) -> Path:
    return data / "screening" / "correspondents"


def number_of(address: str) -> int:
    """The hash of an address, case-insensitive."""
    return int.from_bytes(hashlib.blake2b(address.lower().encode("utf-8", "replace"), digest_size=8).digest())


def origin(sha256: str, address: str) -> int:
    """The hash of a file and its origin: the domain of an address, or the address itself at a consumer provider."""
    place = address.lower()
    domain = place.rpartition("@")[2]
    return number_of(f"{sha256} {place if is_consumer(a_labels(domain)) else domain}")


def _none() -> Numbers:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Correspondents:
    """known: whom the city has written to, or whose mail was good; met: everybody, including the known; file_origins: files and
    where they came from (origin). Sorted, without duplicates."""

    known: Numbers = field(default_factory=_none)
    met: Numbers = field(default_factory=_none)
    file_origins: Numbers = field(default_factory=_none)

    def is_known(self, address: str) -> bool:
        return _has(self.known, number_of(address))

    def is_met(self, address: str) -> bool:
        return _has(self.met, number_of(address))

    def came_from(self, sha256: str, address: str) -> bool:
        """Whether a file came from this address (P-22: sending it back there discloses nothing)."""
        return _has(self.file_origins, origin(sha256, address))

    def merged_with(self, known: Iterable[int], met: Iterable[int], came: Iterable[int] = ()) -> Correspondents:
        """A copy with these hashes added."""
        first = np.fromiter(known, np.uint64)
        second = np.concatenate([first, np.fromiter(met, np.uint64)])
        third = np.fromiter(came, np.uint64)
        return Correspondents(np.union1d(self.known, first), np.union1d(self.met, second), np.union1d(self.file_origins, third))


def write(data: Path, people: Correspondents, files: Files = OS_FILES) -> None:
    """Durable on return. Raises OSError."""
    tablefile.write(
        correspondents_path(data), MARK, {"v": 1}, {"known": people.known, "met": people.met, "came": people.file_origins}, files
    )


def read(data: Path) -> Correspondents:
    """Raises FileNotFoundError, DamagedFile."""
    _, arrays = tablefile.read(correspondents_path(data), MARK)
    return Correspondents(arrays["known"], arrays["met"], arrays.get("came", _none()))


class MappedCorrespondents:
    """The current list, looked at every POLL_MS; None until the learning job has written one, because everybody would be new."""

    def __init__(self, data: Path) -> None:
        self._file = Watched(correspondents_path(data), "the list of correspondents", lambda _: read(data), every=POLL_MS)

    def at(self, now: int) -> Correspondents | None:
        """now: ms."""
        return self._file.current(now)

    @property
    def is_broken(self) -> bool:
        """Whether a file is there but none could ever be read, so nobody knows who is new."""
        return self._file.is_there and bool(self._file.error) and self._file.value is None


def _has(numbers: Numbers, number: int) -> bool:
    at = int(np.searchsorted(numbers, np.uint64(number)))
    return at < len(numbers) and int(numbers[at]) == number
