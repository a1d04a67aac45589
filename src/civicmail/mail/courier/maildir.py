"""Local mailboxes: <data>/maildir/<domain>/<local part>/{tmp,new,cur}.

The file name is the capture id, so an attempt needs no record: a message in new or cur was delivered. A batch writes and syncs its
files side by side and each folder once, so that many messages share the cost.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_+.-")
_NAME_MAX = 200


def folder_name(text: str) -> str:
    """A local part or domain as a folder name: lower case, percent-encoded outside [a-z0-9_+.-], no dot first or doubled."""
    out = ""
    for byte in text.lower().encode("utf-8", "surrogateescape"):
        char = chr(byte)
        out += f"%{byte:02X}" if char not in _PLAIN or (char == "." and (not out or out.endswith("."))) else char
    if len(out) > _NAME_MAX:  # a name of the file system has 255 bytes; what is cut off stays told apart
        out = f"{re.sub('%.?$', '', out[:_NAME_MAX])}%-{hashlib.sha256(out.encode()).hexdigest()[:32]}"
    return out or "%"


def mailbox(data: Path, domain: str, local: str) -> Path:
    """The folder of a local mailbox."""
    return data / "maildir" / folder_name(domain) / folder_name(local)


class Maildir:
    """Puts files into mailboxes: write() each, from as many threads as there are disks to keep busy, then settle() once.

    One caller at a time for a name in a mailbox: the holder of the `courier` lease. Errors are OSError.
    """

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files
        self._made: set[Path] = set()

    def mailbox(self, domain: str, local: str) -> Path:
        """The folder of a mailbox, made when it was not there."""
        box = mailbox(self._data, domain, local)
        if box not in self._made:
            for folder in ("tmp", "new", "cur"):
                self._files.make_folder(box / folder, levels=3)
            self._made.add(box)
        return box

    def has(self, box: Path, name: str) -> bool:
        """Whether the file is there, also when a mail reader has moved it on to cur (it appends its flags to the name)."""
        return (box / "new" / name).exists() or any(p.name.partition(":")[0] == name for p in (box / "cur").iterdir())

    def write(self, box: Path, name: str, pieces: Iterable[bytes]) -> None:
        """Write, sync and move to new; delivered for good after settle()."""
        tmp = box / "tmp" / name
        self._files.unlink(tmp)  # what a process that died left behind
        self._made.discard(box)  # until it is known to be there still: somebody may have removed the mailbox
        file = self._files.open(tmp, create=True)
        self._made.add(box)
        try:
            at = 0
            for piece in pieces:
                at = file.write_at(at, [piece])
            file.sync()
        finally:
            file.close()
        self._files.rename(tmp, box / "new" / name)

    def settle(self, box: Path) -> None:
        """Make everything that was moved to new durable."""
        self._files.sync_folder(box / "new")
