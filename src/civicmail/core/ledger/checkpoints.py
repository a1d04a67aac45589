"""ledger/checkpoints: the signed notes of this ledger, one file for each size; which of them were published; the request for a new
one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import notes
from civicmail.core.ledger.errors import LedgerDamaged
from civicmail.core.ledger.notes import Checkpoint


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
    """Keep a checkpoint durably and end the wish for one."""
    files.replace(folder(ledger) / f"{checkpoint.size:016d}.note", checkpoint.note.encode())
    if is_requested(ledger):
        files.unlink(ledger / "wanted")


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
