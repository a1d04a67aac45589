"""The operating system's files without reserved blocks: on a disk in memory, zeros for each journal would be the whole cost."""

from __future__ import annotations

import os
from pathlib import Path

from civicmail.core.disk import files as port


class SparseFile(port.File):
    def preallocate(self, size: int) -> None:
        self.truncate(max(size, os.fstat(self.fd).st_size))


class SparseFiles(port.Files):
    def open(self, path: Path, *, create: bool = False) -> port.File:
        opened = super().open(path, create=create)
        file = SparseFile(path, opened.fd)
        opened.fd = -1
        return file
