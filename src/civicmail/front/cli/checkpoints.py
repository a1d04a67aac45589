"""`civicmail checkpoint`: signed checkpoints to keep elsewhere, so that the ledger cannot be rewritten here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import require_folder
from civicmail.core.disk.files import OS_FILES
from civicmail.core.ledger import checkpoints, consistency, keys, sequencer
from civicmail.core.ledger.errors import NotIntegrated
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.verify import External
from civicmail.front.cli import options, output, verbs
from civicmail.front.cli.groups import group

app = group("What the ledger has signed, for places outside of this machine.")


@app.command()
def publish(
    data: options.Data = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="A new file, or a folder, which gets a file of its own each time.")
    ] = None,
) -> None:
    """Sign a checkpoint of everything up to now and write it out. Keep it where nobody of this machine can change it."""
    verbs.line("checkpoint publish")
    folder = _folder(data)
    signed = _newest(folder)
    note = signed.note.encode()
    if out is None:
        output.emit_bytes(note)
    else:
        path = out / f"{signed.size:016d}.note" if out.is_dir() else out
        if path.exists() and path.read_bytes() != note:
            raise UsageError(f"{path} is there already and says something else; nothing was written.")
        OS_FILES.replace(path, note)
        output.words(f"{path}: {signed.size} entries, signed at {output.when(signed.at)}.")
    checkpoints.note_published(sequencer.folder(folder), signed.size)


@app.command()
def prove(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Checkpoints, proofs, or proofs.jsonl of exports.")],
    data: options.Data = None,
) -> None:
    """Prove that the ledger of today continues older checkpoints, for tools/verify_proof.py and tools/verify_export.py."""
    verbs.line("checkpoint prove")
    folder = _folder(data)
    public = keys.public(folder / "keys")
    older = [consistency.read(path, public) for path in files]
    output.emit(consistency.prove(folder, _newest(folder), older))


def outside(files: Sequence[Path], key: str) -> External:
    """Checkpoints given to `verify`. files: notes, or folders of them (*.note); key: a file, or base64. Raises UsageError,
    OSError."""
    named = [path for given in files for path in (sorted(given.glob("*.note")) if given.is_dir() else [given])]
    notes = {str(path): path.read_bytes().decode("utf-8", "replace") for path in named}
    text = Path(key).read_text(encoding="utf-8", errors="replace") if key and Path(key).is_file() else key
    try:
        known = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        known = b"?"
    if len(known) not in (0, 32):
        raise UsageError("--key is neither a file with a public key nor 32 bytes in base64.")
    return External(notes, known)


def _folder(data: Path | None) -> Path:
    folder = options.data_folder(data)
    require_folder(folder)
    return folder


def _newest(data: Path) -> Checkpoint:
    """A checkpoint of everything up to now. Raises NotIntegrated."""
    from civicmail.front.cli import proofs  # what it needs takes long to import

    ledger = sequencer.folder(data)
    is_requested = False

    def is_signed() -> bool:
        nonlocal is_requested
        if not is_requested:
            checkpoints.request(ledger)
            is_requested = True
            return False
        return not checkpoints.is_requested(ledger)

    proofs.publish(data, is_signed)
    signed = checkpoints.latest(ledger)
    if signed is None or signed.size == 0:
        raise NotIntegrated("The ledger has no entries yet, so there is nothing to sign.")
    return signed
