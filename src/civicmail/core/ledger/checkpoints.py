"""ledger/checkpoints: the signed notes of this ledger, one file for each size; which of them were published; the request for a new
one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import notes
from civicmail.core.ledger.errors import LedgerDamaged
from civicmail.core.ledger.notes import Checkpoint

HOUR_MS = 3_600_000
KEEP_ALL_MS = 48 * HOUR_MS
THIN_OUT_MOST = 6000
"""Newest notes among which `thin_out` looks: two days of one a minute, and those that it left before."""


def folder(ledger: Path) -> Path:
    return ledger / "checkpoints"


def paths(ledger: Path) -> list[Path]:
    """The notes, smallest size first."""
    return sorted(p for p in folder(ledger).glob("*.note") if p.stem.isdigit())


def latest(ledger: Path) -> Checkpoint | None:
    """The newest checkpoint, its signature unchecked. Raises LedgerDamaged where its file is not a note."""
    known = paths(ledger)
    if not known:
        return None
    try:
        return notes.read(known[-1].read_text(encoding="utf-8"))
    except ValueError as error:
        raise LedgerDamaged(f"The checkpoint {known[-1].name} cannot be read: {error}.") from error


def store(ledger: Path, checkpoint: Checkpoint, files: Files) -> None:
    """Keep a checkpoint durably, and end the wish for one."""
    files.replace(_path(ledger, checkpoint.size), checkpoint.note.encode())
    end_request(ledger, files)


def add_signature(ledger: Path, size: int, line: str, files: Files = OS_FILES) -> None:
    """Add a cosignature, with its line feed, to the checkpoint of this size. One process at a time."""
    note = _path(ledger, size).read_text(encoding="utf-8")
    if line not in note:
        files.replace(_path(ledger, size), f"{note}{line}".encode())


def thin_out(ledger: Path, now: int, files: Files = OS_FILES) -> None:
    """Keep the last checkpoint of each hour, of those older than two days, and published ones. The journals have all of them. now:
    epoch ms; call it after each one."""
    known = paths(ledger)[-THIN_OUT_MOST:]
    if len(known) < 2 or _hour(known[-1]) == _hour(known[-2]):
        return  # once an hour is enough
    kept, hours = set(published(ledger)), set[int]()
    for path in reversed(known):
        at = notes.read(path.read_text(encoding="utf-8")).at
        if now - at < KEEP_ALL_MS:
            continue
        if at // HOUR_MS in hours and int(path.stem) not in kept:
            files.unlink(path)
        hours.add(at // HOUR_MS)


def end_request(ledger: Path, files: Files = OS_FILES) -> None:
    """End the wish for a checkpoint."""
    if is_requested(ledger):
        files.unlink(ledger / "wanted")


def _path(ledger: Path, size: int) -> Path:
    return folder(ledger) / f"{size:016d}.note"


def _hour(path: Path) -> int:
    return notes.read(path.read_text(encoding="utf-8")).at // HOUR_MS


def request(ledger: Path, files: Files = OS_FILES) -> None:
    """Ask the holder of the lease `ledger` for a checkpoint soon."""
    with suppress(FileExistsError):  # another process has requested one already
        files.open(ledger / "wanted", create=True).close()


def is_requested(ledger: Path) -> bool:
    return (ledger / "wanted").exists()


def published(ledger: Path) -> list[int]:
    """Sizes of the checkpoints that were published, smallest first."""
    try:
        lines = (ledger / "published").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return sorted({int(line) for line in lines if line.isdigit()})


def note_published(ledger: Path, size: int, files: Files = OS_FILES) -> None:
    """Record that this checkpoint was published: proofs continue it from now on."""
    known = published(ledger)
    if size not in known:
        lines = "".join(f"{n}\n" for n in sorted([*known, size]))
        files.replace(ledger / "published", lines.encode())
