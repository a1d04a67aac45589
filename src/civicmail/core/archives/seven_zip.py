"""7z archives by py7zr, if the sizes in the header are within the budget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import py7zr
from py7zr.exceptions import PasswordRequired, UnsupportedCompressionMethodError
from py7zr.io import BytesIOFactory

from civicmail.core.archives.archive import Archive, Member
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TOO_MANY, TYPE_UNKNOWN, Unreadable


class SevenZipArchive(Archive):
    """Its members are compressed together, so all are unpacked before the first is given."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._budget = budget
        with _errors():
            self._file = py7zr.SevenZipFile(file)
            self._listed = self._file.list()
            self._encrypted = self._file.needs_password()
        if len(self._listed) > budget.limits.listed:
            raise Unreadable(TOO_MANY)

    def close(self) -> None:
        self._file.close()

    def members(self) -> Iterator[Member]:
        """The header gives sizes before anything is unpacked, and names even where contents need a password."""
        unpacked = {} if self._encrypted else self._unpack()
        for info in self._listed:
            self._budget.tick()
            if not info.is_directory:
                yield Member(info.filename, info.uncompressed, encrypted=self._encrypted, entry=unpacked.get(info.filename))

    def read(self, member: Member) -> Iterator[bytes]:
        if member.encrypted:
            raise Unreadable(ENCRYPTED)
        if member.entry is None:
            raise Unreadable(DAMAGED)
        member.entry.seek(0)
        yield member.entry.read()

    def _unpack(self) -> dict[str, Any]:
        for info in self._listed:
            self._budget.expand(info.uncompressed)
        factory = BytesIOFactory(self._budget.limits.member)
        with _errors():
            self._file.extract(factory=factory)
        return dict(factory.products)


@contextmanager
def _errors() -> Iterator[None]:
    """Raise Unreadable for what py7zr raises: its decompressors' errors have no common root."""
    try:
        yield
    except MemoryError:
        raise
    except PasswordRequired:
        raise Unreadable(ENCRYPTED) from None
    except UnsupportedCompressionMethodError:
        raise Unreadable(TYPE_UNKNOWN) from None
    except Exception as error:
        raise Unreadable(DAMAGED) from error
