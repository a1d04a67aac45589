"""Versions of the stored formats (docs/formats.md), and whether this program can read those of a data folder.

A file of a later version looks damaged to an earlier program, which would cut it off or begin a new one. Therefore loading the
settings of a folder first checks its newest files, before anything is read or written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.release import VERSION


class NewerFormat(ConfigError):
    """A later Civicmail has written to the folder."""


@dataclass(frozen=True, slots=True)
class Format:
    """number: what this program writes; least: the oldest that it reads. read: returns the version in a folder, None if there is
    none or it is damaged. anew: the command that rebuilds derived files; empty for originals."""

    name: str
    number: int
    read: Callable[[Path], int | None]
    least: int = 1
    anew: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored format whose version differs from the one that this program writes."""

    format: Format
    version: int

    @property
    def is_newer(self) -> bool:
        return self.version > self.format.number

    @property
    def is_read(self) -> bool:
        return self.format.least <= self.version <= self.format.number


def _mark(path: Path | None, letters: bytes) -> int | None:
    """The digit behind the magic letters at the beginning of a file."""
    if path is None:
        return None
    with suppress(OSError), path.open("rb") as file:
        start = file.read(4)
        if start[:3] == letters and start[3:].isdigit():
            return int(start[3:])
    return None


def _member(path: Path, name: str = "v") -> int | None:
    with suppress(OSError, ValueError):
        plain = json.loads(path.read_bytes())
        version = plain.get(name) if isinstance(plain, dict) else None
        return version if type(version) is int else None
    return None


def _newest(folder: Path, pattern: str) -> Path | None:
    """The last by name: numbers of records and names of segments grow."""
    with suppress(OSError):
        return max(folder.glob(pattern), key=lambda p: p.name, default=None)
    return None


def _highest(versions: Iterator[int | None]) -> int | None:
    return max((v for v in versions if v is not None), default=None)


def _journals(data: Path) -> int | None:
    return _highest(_mark(_newest(place, "*.log"), b"CVJ") for place in data.glob("journal/*"))


def _segments(data: Path) -> Iterator[Path]:
    """The newest one of each class."""
    for class_ in data.glob("segments/*/"):
        month = _newest(class_, "*/")
        if month is not None and (newest := _newest(month, "*.seg")) is not None:
            yield newest


def _runs(data: Path) -> int | None:
    month = _newest(data / "catalogue", "*/")
    return _mark(_newest(month, "*.run"), b"CVC") if month is not None else None


def _index(data: Path) -> int | None:
    with suppress(OSError):
        current = (data / "index" / "current").read_text(encoding="utf-8").strip()
        return _member(data / "index" / current / "coverage.json", "version") if current else None
    return None


FORMATS = (
    Format("journal", 1, _journals),
    Format("segment", 1, lambda data: _highest(_mark(path, b"CVS") for path in _segments(data))),
    Format(
        "segment key",
        1,
        lambda data: _highest(_mark(data / "keys" / "segments" / f"{path.stem}.key", b"CVK") for path in _segments(data)),
    ),
    Format("recovery", 1, lambda data: _member(data / "keys" / "recovery.json")),
    Format("ledger", 1, lambda data: _mark(data / "ledger" / "entries.log", b"CVL")),
    Format("links", 1, lambda data: _member(data / "keys" / "links.json")),
    Format("dkim", 1, lambda data: _member(data / "keys" / "dkim" / "keys.json")),
    Format("modes", 1, lambda data: _member(data / "directory.modes")),
    Format("approvals", 2, lambda data: _member(data / "policy" / "approvals.json")),
    Format("outstanding", 1, lambda data: _mark(data / "outstanding" / "snapshot", b"CVO"), anew="rebuild outstanding"),
    Format("catalogue", 1, _runs, anew="rebuild catalogue"),
    Format("index", 6, _index, anew="rebuild index"),
    Format("snapshot", 1, lambda data: _member(data / "access" / "snapshot"), anew="run"),
)


def numbers() -> dict[str, int]:
    """Format to the version that this program writes."""
    return {format_.name: format_.number for format_ in FORMATS}


def differences(data: Path) -> list[Difference]:
    """Formats of a folder with another version than this program writes."""
    seen = [(format_, format_.read(data)) for format_ in FORMATS]
    return [Difference(format_, version) for format_, version in seen if version is not None and version != format_.number]


def require_known(data: Path) -> None:
    """Raise NewerFormat if a later program wrote the folder. Derived files are rebuilt by their readers."""
    for format_ in FORMATS:
        if not format_.anew and (version := format_.read(data)) is not None and version > format_.number:
            raise NewerFormat(
                f"A newer Civicmail has written to {data} ({format_.name} {version}; this one, {VERSION}, knows {format_.number}): "
                "nothing was read or written. Start the newer version, or restore a copy from before the upgrade."
            )
