"""ZIP files (APPNOTE 6.3) by their central directory; zip_headers.py reads the second list that they have."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import BinaryIO

from civicmail.core.archives.archive import PIECE, Archive, Member
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, TOO_MANY, TYPE_UNKNOWN, Unreadable
from civicmail.core.filetype.containers import zip_type
from civicmail.core.filetype.types import FileType

_END, _ENTRY = b"PK\5\6", b"PK\1\2"
_END_LOOK = 22 + 65_535
_ENTRY_BYTES = 1_024
"""Bytes of the directory for each member that it may list; a name of 255 characters takes a third."""
_MIMETYPE = 200  # bytes


class ZipArchive(Archive):
    """names: of its members, folders included; start: offset of its directory."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        _check_directory(file, budget)
        self._budget = budget
        try:
            self._file = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error, IndexError) as error:
            raise Unreadable(DAMAGED) from error
        self.names = self._file.NameToInfo.keys()
        self.start = self._file.start_dir

    def close(self) -> None:
        self._file.close()

    @property
    def infos(self) -> list[zipfile.ZipInfo]:
        return self._file.infolist()

    def file_type(self) -> FileType:
        """The file type, by its members."""
        mimetype = b""
        info = self._file.NameToInfo.get("mimetype")
        if info is not None and info.file_size < _MIMETYPE:
            with suppress(Unreadable):
                mimetype = b"".join(self.read(_member(info)))
        return zip_type(self.names, mimetype)

    def get(self, name: str) -> Member | None:
        info = self._file.NameToInfo.get(name)
        return None if info is None else _member(info)

    def members(self) -> Iterator[Member]:
        for info in self._file.infolist():
            if info.file_size or not info.is_dir():
                yield _member(info)

    def read(self, member: Member) -> Iterator[bytes]:
        if member.encrypted:
            raise Unreadable(ENCRYPTED)
        self._budget.opening()
        self._budget.expand(member.size, member.packed)
        left = member.size
        try:
            with self._file.open(member.entry) as file:
                while piece := file.read(PIECE):
                    self._budget.tick()
                    left -= len(piece)
                    if left < 0:
                        raise Unreadable(DAMAGED)
                    yield piece
        except (Unreadable, MemoryError):
            raise
        except NotImplementedError:
            raise Unreadable(TYPE_UNKNOWN) from None
        except Exception as error:  # zlib.error, lzma.LZMAError, BadZipFile and others have no common root
            raise Unreadable(DAMAGED) from error


def is_appended(content: bytes) -> bool:
    """Whether a zip that programs open is appended to another file: its directory ends at the end of the file."""
    at = content.rfind(_END, max(0, len(content) - _END_LOOK))
    if at < 0 or at + 22 > len(content):
        return False
    entries, size, start, comment = struct.unpack_from("<HIIH", content, at + 10)
    begins = at - size
    return bool(entries) and at + 22 + comment == len(content) and begins >= start and content[begins : begins + 4] == _ENTRY


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(info.filename, info.file_size, info.compress_size, bool(info.flag_bits & 1), _modified(info), info)


def _modified(info: zipfile.ZipInfo) -> int | None:
    with suppress(ValueError):
        return int(datetime(*info.date_time, tzinfo=UTC).timestamp()) * 1000
    return None


def _check_directory(file: BinaryIO, budget: Budget) -> None:
    """Raise Unreadable if the directory is too long: one of a million names takes ten seconds. Its end record may lie about the
    number of members, but its size is what is read."""
    whole = file.seek(0, os.SEEK_END)
    file.seek(max(0, whole - _END_LOOK))
    end = file.read(_END_LOOK)
    at = end.rfind(_END)
    if at < 0 or at + 22 > len(end):
        raise Unreadable(DAMAGED)
    entries, size = struct.unpack_from("<HI", end, at + 10)
    if entries > budget.limits.listed or min(size, whole) > _ENTRY_BYTES * budget.limits.listed:
        raise Unreadable(TOO_MANY)
