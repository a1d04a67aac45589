"""Rotate the master key without changing a segment: only the segment keys are wrapped again, one small file each.

The order keeps every segment readable after a crash, and lets another call continue:

1. master.old is a second copy of the master key
2. recovery.json has a new master key, the ledger's key and the old master key under a new recovery key; the old one opens nothing
3. master.key is the new master key; readers use the key that a key file names
4. every key file is wrapped under the new one
5. master.old is removed
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Lease, Patience, lease_path
from civicmail.mail.archive import keyring
from civicmail.mail.archive.keyring import KEY_BYTES, Keyring

BATCH_SIZE = 256


def is_unfinished(data: Path) -> bool:
    """Whether a rotation has started and not ended."""
    return (keyring.folder(data) / "master.old").exists()


def rotate(data: Path, *, show: Callable[[str], None], files: Files = OS_FILES, patience: Patience | None = None) -> int:
    """Rotate the master key; returns how many segment keys were wrapped again. Takes the lease `seal`; raises LeaseHeld,
    KeyMissing. show: called with the new recovery key as soon as it is the valid one, before the long part."""
    place = keyring.folder(data)
    with Lease.take(lease_path(data, "seal"), patience):
        done = _finish(data, files) if is_unfinished(data) else 0
        Keyring(data, files)  # raises an error about the master key
        before = (place / "master.key").read_bytes()
        master = os.urandom(KEY_BYTES)
        files.replace(place / "master.old", before)
        recovery = keyring.new_recovery(data, master, before, files)
        files.replace(place / "master.key", master)
        show(recovery)
        return done + _finish(data, files)


def _finish(data: Path, files: Files) -> int:
    """Steps 4 and 5."""
    place = keyring.folder(data)
    ring = Keyring(data, files)
    master = (place / "master.key").read_bytes()
    name = keyring.master_name(master)
    todo = [s for s in sorted(ring.names()) if (place / "segments" / f"{s}.key").read_bytes()[4:12] != name]
    for start in range(0, len(todo), BATCH_SIZE):
        _wrap_again(place / "segments", todo[start : start + BATCH_SIZE], ring, master, files)
    files.unlink(place / "master.old")
    files.sync_folder(place)
    return len(todo)


def _wrap_again(place: Path, segments: list[str], ring: Keyring, master: bytes, files: Files) -> None:
    for segment in segments:
        temporary = place / f".{segment}"
        files.unlink(temporary)
        file = files.open(temporary, create=True)
        try:
            file.write_at(0, [keyring.key_file(master, segment, ring.open(segment))])
            file.sync()
        finally:
            file.close()
    for segment in segments:
        files.rename(place / f".{segment}", place / f"{segment}.key")
    files.sync_folder(place)
