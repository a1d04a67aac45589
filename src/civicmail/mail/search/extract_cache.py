"""A cache of extracted text by the SHA-256 of the file, so that each file is read once. It may be deleted at any time.

<data>/extracted/<2 digits>/<62 digits>     a zstd frame of JSON: {"v": 1, "text", "unreadable": [[path, reason]], "pictures"}
<data>/extracted/ready/<capture id>         empty: more text of this capture was read than its index contains
<data>/extracted/gone/<16 digits>           empty: a capture that was disposed of had this file (attached.name_of)

A rebuild of the index removes the text of files that no capture has any more, so that no text outlives a disposal here. Nothing
else is synced or renamed: an entry that is torn, or is being written, fails its checksum, and the file itself is read again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import orjson
import zstandard

from civicmail.core.disk.files import Files
from civicmail.mail.search.attachments import Extract

VERSION = 1
LEVEL = 1


class Extracts:
    """The cache of a data folder; any number of processes and threads may use it at the same time."""

    def __init__(self, data: Path) -> None:
        self._top = top(data)

    def get(self, digest: bytes, _content: bytes = b"") -> Extract | None:
        """The extracted text of a file."""
        try:
            plain = orjson.loads(zstandard.ZstdDecompressor().decompress(self._place(digest).read_bytes()))
            if plain["v"] != VERSION:
                return None
            return Extract(plain["text"], tuple((path, why) for path, why in plain["unreadable"]), plain["pictures"])
        except (OSError, zstandard.ZstdError, ValueError, KeyError, TypeError):
            return None

    def touched(self, digest: bytes, _content: bytes = b"") -> Extract | None:
        """The same, and mark the file as still in use for sweep()."""
        with contextlib.suppress(OSError):
            os.utime(self._place(digest))
        return self.get(digest)

    def sweep(self, before: float) -> None:
        """Remove what was neither read nor touched since this time (seconds since 1970): what no capture has any more."""
        for folder in self._top.glob("[0-9a-f]" * 2):
            for place in folder.iterdir():
                with contextlib.suppress(OSError):
                    if place.stat().st_mtime < before:
                        place.unlink()

    def forget(self, name: str) -> None:
        """Remove the text of a file. name: its name in the index."""
        for place in (self._top / name[:2]).glob(f"{name[2:]}*"):
            place.unlink(missing_ok=True)

    def put(self, digest: bytes, extract: Extract) -> None:
        plain = {"v": VERSION, "text": extract.text, "unreadable": extract.unreadable, "pictures": extract.pictures}
        place = self._place(digest)
        # rebuilt each time: several threads put at once, and one packer for all of them ends the process (SIGSEGV)
        packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True)
        packed = packer.compress(orjson.dumps(plain))
        try:
            place.write_bytes(packed)
        except FileNotFoundError:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.write_bytes(packed)

    def _place(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._top / name[:2] / name[2:]


def top(data: Path) -> Path:
    return data / "extracted"


def reasons(data: Path, digest: bytes) -> list[str]:
    """The reasons why a file, given by the SHA-256 of its content, has no text or only some: a reason, or "member: reason" for each
    part. Empty if the file was read completely, or not yet."""
    known = Extracts(data).get(digest)
    return [f"{path}: {why}" if path else why for path, why in known.unreadable] if known else []


def _ready(data: Path) -> Path:
    return top(data) / "ready"


def set_ready(data: Path, capture_id: bytes) -> None:
    """Ask the holder of the index to index a capture again."""
    folder = _ready(data)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / capture_id.hex()).touch(mode=0o600)


def ready(data: Path) -> list[bytes]:
    """The captures that must be indexed again."""
    with contextlib.suppress(FileNotFoundError):
        return [bytes.fromhex(entry.name) for entry in os.scandir(_ready(data))]
    return []


def done(data: Path, capture_ids: Iterable[bytes]) -> None:
    """Mark these captures as indexed again and committed."""
    for capture_id in capture_ids:
        (_ready(data) / capture_id.hex()).unlink(missing_ok=True)


def _gone(data: Path) -> Path:
    return top(data) / "gone"


def set_gone(data: Path, names: Iterable[str], files: Files) -> None:
    """Note durably that captures which were disposed of had these files. names: as the index calls them."""
    folder = _gone(data)
    files.make_folder(folder, levels=2)
    for name in names:
        (folder / name).touch(mode=0o600)
    files.sync_folder(folder)


def gone(data: Path) -> list[str]:
    """The files that may have to be forgotten."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(entry.name for entry in os.scandir(_gone(data)))
    return []


def forgotten(data: Path, names: Iterable[str]) -> None:
    """Mark these files as checked for captures that still have them."""
    for name in names:
        (_gone(data) / name).unlink(missing_ok=True)
