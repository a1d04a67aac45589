"""Unpack ZIP, TAR and single compressed files, one member at a time to one temporary file.

An archive may lie about its size, so the output is counted: one budget for everything inside one file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from civicmail.core.archives import errors
from civicmail.core.archives.archive import Archive, Member, open_archive
from civicmail.core.archives.budget import Budget, Limits
from civicmail.core.archives.errors import Spent, Unreadable
from civicmail.core.archives.packed_file import unpacking
from civicmail.core.archives.tar import TarArchive
from civicmail.core.filetype.identify import identify

MAX_DEPTH = 5  # archives inside archives
MAX_MEMBERS = 1_000_000
FREE_BYTES = 256 << 20  # bytes that any archive may unpack to
MAX_RATIO = 200  # bytes for each packed one above that; mail packs to a tenth
_HEAD = 512
_PACKED = frozenset({"gz", "bz2", "xz"})
TOO_LARGE = "it unpacks to far more than it is; what lies behind was not read"
TOO_MANY = f"it has more than {MAX_MEMBERS:,} members; what lies behind was not read"
TOO_DEEP = f"it lies more than {MAX_DEPTH} archives deep"
_WORDS = {
    errors.TOO_LARGE: TOO_LARGE,
    errors.TOO_MANY: TOO_MANY,
    errors.ENCRYPTED: "it is encrypted",
    errors.DAMAGED: "it is broken",
    errors.TYPE_UNKNOWN: "it is compressed in a way that is not read",
}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An unpacked member at `path`, valid until the next one is requested. at: its time in ms, if known."""

    name: str
    path: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A member, or with name "" the rest of the archive, and why it cannot be read."""

    name: str
    why: str


def budget_of(size: int) -> Budget:
    """The total size to which one file of so many bytes may unpack."""
    return Budget(Limits(members=MAX_MEMBERS, expanded=max(FREE_BYTES, MAX_RATIO * size)))


def members(path: str, name: str, budget: Budget) -> Iterator[Unpacked | Unread]:
    """The files in an archive in its order. name: of the archive itself, from which a single compressed file has its own."""
    with tempfile.TemporaryDirectory(prefix="civicmail-import-") as folder, open(path, "rb") as file:
        place = os.path.join(folder, "member")  # noqa: PTH118 - beside open(), like the rest of this walk
        try:
            with _opened(file, budget) as archive:
                for member in archive.members():
                    yield _unpack(archive, member, name, place, budget)
        except Unreadable as error:
            yield Unread("", _words(error))


def _opened(file: BinaryIO, budget: Budget) -> Archive:
    file_type = identify(file.read(_HEAD)).name
    file.seek(0)
    if file_type in _PACKED:
        with suppress(Unreadable):
            if not (tar := TarArchive(unpacking(file), budget, is_stream=True)).is_empty:
                return tar
        file.seek(0)
    return open_archive(file, file_type if file_type in _PACKED else "zip" if file_type == "zip" else "tar", budget)


def _unpack(archive: Archive, member: Member, name: str, place: str, budget: Budget) -> Unpacked | Unread:
    """name: of the archive. Raises Spent."""
    budget.member(0)
    try:
        with open(place, "wb") as out:
            for piece in archive.read(member):
                out.write(piece)
    except Spent:
        raise
    except Unreadable as error:
        return Unread(member.name, _words(error))
    return Unpacked(member.name or _without_suffix(name), place, member.modified)


def _without_suffix(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix.lower() in {"gz", "bz2", "xz", "lzma", "z"} else name


def _words(error: Unreadable) -> str:
    cause = error.__cause__
    detail = " ".join(str(cause).split())[:200] or type(cause).__name__
    return f"it is broken: {detail}" if error.why == errors.DAMAGED and cause is not None else _WORDS[error.why]
