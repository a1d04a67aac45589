"""The state of a seal in segments/seal.json, by which a seal happens completely or not at all.

{"v":1,"batch":ID,"committed":0|1,"files":[[journal, first number, last number],…],"spool":[[journal, capture id],…],
 "gone":[[class, month, segment id],…],"certificate":null|{…}}

Not committed: readers ignore the segments and runs whose names begin with the batch, and the next seal removes them. Committed:
they count, and readers ignore the journal files and spool files that still exist; the next seal removes those. The commit is the
replacement of this file. A rewrite works the same with segments in place of journal files (`gone`); if it disposes of captures,
this file contains the certificate that must still be written, and until then the old segments are evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import Files


@dataclass(frozen=True, slots=True)
class SealState:
    """batch: 24 hexadecimal digits, the beginning of its segments' ids and the name of its runs. files: (journal, first, last);
    spool: (journal, capture id in hexadecimal); gone: (class, month, segment id) that a rewrite replaces; certificate: facts of the
    record that must be written before these are removed."""

    batch: str
    committed: bool
    files: tuple[tuple[str, int, int], ...]
    spool: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str, str], ...] = ()
    certificate: dict[str, Any] | None = None

    def paths(self, data: Path) -> set[Path]:
        """The journal files that it is about."""
        return {log_path(data, name, first) for name, first, _ in self.files}


def log_path(data: Path, name: str, first: int) -> Path:
    return journal.folder(data) / name / f"{first:016d}.log"


def _path(data: Path) -> Path:
    return data / "segments" / "seal.json"


def read(data: Path) -> SealState | None:
    """The state, or None when no seal is under way or unfinished."""
    try:
        plain = orjson.loads(_path(data).read_bytes())
        files = tuple((str(name), int(first), int(last)) for name, first, last in plain["files"])
        spool = tuple((str(name), str(id_)) for name, id_ in plain["spool"])
        gone = tuple((str(class_), str(month), str(name)) for class_, month, name in plain.get("gone", ()))
        return SealState(str(plain["batch"]), bool(plain["committed"]), files, spool, gone, plain.get("certificate"))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise DamagedFile(f"{_path(data)} is damaged: whether the last seal was finished cannot be told.") from None


def write(data: Path, state: SealState, files: Files) -> None:
    """Make the state durable."""
    plain = {"v": 1, "batch": state.batch, "committed": int(state.committed), "files": state.files, "spool": state.spool}
    plain |= {"gone": state.gone, "certificate": state.certificate}
    files.replace(_path(data), orjson.dumps(plain, option=orjson.OPT_SORT_KEYS))


def rely(data: Path, files: Files) -> None:
    """Sync a state file that was read: its writer may have died before the sync. Needs no space on the disk."""
    files.sync_folder(_path(data).parent)


def clear(data: Path, files: Files) -> None:
    """Remove the state file: nothing is unfinished. Not synced: if the file comes back, finishing again has nothing to do."""
    files.unlink(_path(data))
