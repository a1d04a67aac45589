"""The coverage of an index: for each journal the number of the last record in it.

<data>/index/current                            name of the generation that is searched, a whole number
<data>/index/<generation>/coverage.json
<data>/index/<generation>/<class>/<year>/       one Tantivy index
<data>/index/wanted                             a rebuild was requested
<data>/index/paused                             nothing is written, because the volume has too little free space

An index contains words of disposed captures until it is rebuilt, so coverage.json names the indexes that must be. It is written
completely, and synced, only after the commit of the records that it lists, so it may be behind the index but never ahead. Records
that it does not list are read again from the journals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.search.errors import DamagedIndex

Key = tuple[str, int]
"""Class and year of receipt: what one index is for."""


@dataclass(slots=True)
class Coverage:
    """version: of schema and folding that the indexes were made with. journals: last record covered. forget: indexes with words of
    what was disposed of. start: for a rebuild under way the positions where it began, so that everything up to them still has to
    come from the archive; None once complete. only: the indexes that this rebuild makes, None for all."""

    version: int
    journals: dict[str, int] = field(default_factory=dict)
    start: dict[str, int] | None = None
    forget: set[Key] = field(default_factory=set)
    only: frozenset[Key] | None = None


def top(data: Path) -> Path:
    return data / "index"


def current(data: Path) -> Path | None:
    """The folder of the generation that is searched, None where there is none yet, or the file that names it is damaged: then the
    next holder of the lease makes a new one."""
    try:
        name = (top(data) / "current").read_bytes().strip()
    except FileNotFoundError:
        return None
    return top(data) / name.decode() if name.isdigit() else None


def covered(data: Path) -> dict[str, int]:
    """For each journal the last searchable record. The sealer and waiting imports use it."""
    generation = current(data)
    saved = load(generation) if generation else None
    return saved.journals if saved else {}


def make_current(generation: Path, files: Files = OS_FILES) -> None:
    """Searches that begin from now on use this generation; one rename is the whole change."""
    files.replace(generation.parent / "current", generation.name.encode())


def load(generation: Path) -> Coverage | None:
    """The coverage of a generation, or None if it has no coverage file."""
    try:
        plain = orjson.loads((generation / "coverage.json").read_bytes())
        only = plain.get("only")
        forget = _keys(plain.get("forget", ()))
        return Coverage(plain["version"], plain["journals"], plain["start"], set(forget), None if only is None else _keys(only))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise DamagedIndex(f"{generation / 'coverage.json'} cannot be read; run “civicmail rebuild index”.") from error


def save(generation: Path, coverage: Coverage, files: Files = OS_FILES) -> None:
    """Call after the commit of every index of the generation."""
    plain = {
        "version": coverage.version,
        "journals": coverage.journals,
        "start": coverage.start,
        "forget": sorted(coverage.forget),
        "only": None if coverage.only is None else sorted(coverage.only),
    }
    files.replace(generation / "coverage.json", orjson.dumps(plain, option=orjson.OPT_SORT_KEYS))


def _keys(plain: Iterable[tuple[str, int]]) -> frozenset[Key]:
    return frozenset((class_, year) for class_, year in plain)


def request_rebuild(data: Path, files: Files = OS_FILES) -> None:
    """Ask the lease holder to rebuild; is_rebuild_requested() is false again when it is done."""
    files.make_folder(top(data))
    files.replace(top(data) / "wanted", b"")


def is_rebuild_requested(data: Path) -> bool:
    return (top(data) / "wanted").exists()


def clear_rebuild_request(data: Path, files: Files = OS_FILES) -> None:
    files.unlink(top(data) / "wanted")
    files.sync_folder(top(data))


def pause(data: Path, files: Files = OS_FILES) -> None:
    """Say that the index is not written until its volume has room."""
    files.make_folder(top(data))
    files.replace(top(data) / "paused", b"")


def is_paused(data: Path) -> bool:
    return (top(data) / "paused").exists()


def resume(data: Path, files: Files = OS_FILES) -> None:
    """Continue after a pause for lack of space. Does nothing if the index was not paused."""
    if is_paused(data):
        files.unlink(top(data) / "paused")
