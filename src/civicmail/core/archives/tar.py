"""TAR archives, also inside a compressed stream."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from io import BufferedIOBase
from typing import IO

from civicmail.core.archives.archive import PIECE, Archive, Member
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, Unreadable
from civicmail.core.archives.packed_file import ERRORS


class TarArchive(Archive):
    """is_stream: the file cannot go back, so members are read in their order."""

    def __init__(self, file: IO[bytes] | BufferedIOBase, budget: Budget, *, is_stream: bool = False) -> None:
        self._budget = budget
        try:
            self._file = tarfile.open(fileobj=file, mode="r|" if is_stream else "r:")  # noqa: SIM115 - closed by __exit__
            self.is_empty = self._file.next() is None
        except (tarfile.TarError, *ERRORS) as error:
            raise Unreadable(DAMAGED) from error

    def close(self) -> None:
        self._file.close()

    def members(self) -> Iterator[Member]:
        """Plain files alone: links lead out of it."""
        try:
            for info in self._file:
                self._budget.tick()
                if info.isreg():
                    yield Member(info.name, info.size, modified=int(info.mtime * 1000), entry=info)
        except (tarfile.TarError, *ERRORS) as error:
            raise Unreadable(DAMAGED) from error

    def read(self, member: Member) -> Iterator[bytes]:
        self._budget.expand(member.size)
        left = member.size
        try:
            file = self._file.extractfile(member.entry)
            while file is not None and (piece := file.read(PIECE)):
                self._budget.tick()
                left -= len(piece)
                yield piece
        except (tarfile.TarError, *ERRORS) as error:
            raise Unreadable(DAMAGED) from error
        if left > 0:
            raise Unreadable(DAMAGED)
