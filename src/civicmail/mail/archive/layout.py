"""Create the folders of a new installation, each durable before anything is stored in it (docs/formats.md, "The data folder").

They are made here once, so that every later write can rely on a folder that survives a power cut.
"""

from __future__ import annotations

from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import keyring

FOLDERS = (
    "catalogue",
    "index",
    "journal",
    "leases",
    "ledger/checkpoints",
    "ledger/leaves",
    "ledger/tree",
    "maildir",
    "outstanding",
    "segments",
)


def make(data: Path, files: Files = OS_FILES) -> str:
    """Make the folders and the keys; return the recovery key, which is stored nowhere."""
    for name in FOLDERS:
        files.make_folder(data / name)
    return keyring.create(data)


def has_mail(data: Path) -> bool:
    """Whether an installation exists here, whatever happened to its settings: it has keys, and journals or segments."""
    kept = (path for name in ("journal", "segments") if (data / name).is_dir() for path in (data / name).iterdir())
    return (data / "keys").is_dir() and any(path.is_dir() for path in kept)
