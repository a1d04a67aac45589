"""The interface of every archive: its members, and the content of one at a time, within a budget; and the reader of each format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any, BinaryIO, Self

from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, TYPE_UNKNOWN, Spent, Unreadable

PIECE = 1 << 18
"""Bytes that are read at a time."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive. name: "" for the content of a compressed file; size, packed: bytes as the archive states; modified: ms,
    if known; entry: the reader's own record of it."""

    name: str
    size: int = 0
    packed: int = 0
    encrypted: bool = False
    modified: int | None = None
    entry: Any = None


class Archive(ABC):
    """A context manager. has_contents: whether members can be read; of some formats only their names can."""

    has_contents = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what the library of the format keeps open."""
        return

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """Its files in its order, without folders. Raises Unreadable, and Spent."""

    @abstractmethod
    def read(self, member: Member) -> Iterator[bytes]:
        """The content of the member that members() has just given, in pieces. Raises Unreadable after what can be read, and
        Spent."""


class Names(Archive):
    """An archive whose contents no free library unpacks: its members by name."""

    has_contents = False

    def __init__(self, listed: list[Member], budget: Budget) -> None:
        self._listed = listed
        self._budget = budget

    def members(self) -> Iterator[Member]:
        for member in self._listed:
            self._budget.tick()
            yield member

    def read(self, member: Member) -> Iterator[bytes]:
        raise Unreadable(TYPE_UNKNOWN)


def content_of(archive: Archive, member: Member) -> tuple[bytes, str]:
    """The content of a member, and why it is not all: of a damaged one, as much as there is. Raises Spent."""
    pieces: list[bytes] = []
    try:
        for piece in archive.read(member):
            pieces.append(piece)  # noqa: PERF402 - of a damaged member, what came before the error counts
    except Spent:
        raise
    except Unreadable as error:
        return b"".join(pieces) if error.why == DAMAGED else b"", error.why
    return b"".join(pieces), ""


_FORMATS = {
    "zip": "zip_archive.ZipArchive",
    "7z": "seven_zip.SevenZipArchive",
    "tar": "tar.TarArchive",
    "rar": "rar.opened",
    "cab": "cab.opened",
    **dict.fromkeys(("iso", "vhd"), "iso.DiskImage"),
    **dict.fromkeys(("gz", "bz2", "xz", "zst"), "packed_file.PackedFile"),
}
"""Type -> module of this room, and what opens an archive in it; imported when the first of the type comes."""


def open_archive(source: bytes | BinaryIO, file_type: str, budget: Budget) -> Archive:
    """An archive of this type (core/filetype). source: its content, or a file at its start. Raises Unreadable."""
    file = BytesIO(source) if isinstance(source, bytes) else source
    module, name = _FORMATS[file_type].split(".")
    archive: Archive = getattr(import_module(f"civicmail.core.archives.{module}"), name)(file, budget)
    return archive
