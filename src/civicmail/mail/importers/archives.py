"""Unpack ZIP, TAR and single compressed files, one member at a time to one temporary file.

An archive may lie about its size, so the output is counted: one budget for everything inside one file.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

MAX_DEPTH = 5  # archives inside archives
MAX_MEMBERS = 1_000_000
FREE_BYTES = 256 << 20  # bytes that any archive may unpack to
MAX_RATIO = 200  # bytes for each packed one above that; mail packs to a tenth
_PIECE = 1 << 20
_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, ValueError, NotImplementedError,
           RuntimeError)  # fmt: skip
_Source = IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
TOO_LARGE = "it unpacks to far more than it is; what lies behind was not read"
TOO_MANY = f"it has more than {MAX_MEMBERS:,} members; what lies behind was not read"
TOO_DEEP = f"it lies more than {MAX_DEPTH} archives deep"


class _Spent(Exception):
    """The budget is used up."""


class Budget:
    """How much one file may unpack to in all. size: of that file, bytes."""

    def __init__(self, size: int) -> None:
        self.bytes = max(FREE_BYTES, MAX_RATIO * size)
        self.members = MAX_MEMBERS


@dataclass(frozen=True, slots=True)
class Member:
    """An unpacked member at `path`, valid until the next one is requested. at: its time in ms, if known."""

    name: str
    path: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A member, or with name "" the rest of the archive, and why it cannot be read."""

    name: str
    why: str


def members(path: str, name: str, budget: Budget) -> Iterator[Member | Unread]:
    """The files in an archive in its order. name: of the archive itself, from which a single compressed file has its own."""
    with tempfile.TemporaryDirectory(prefix="civicmail-import-") as folder:
        place = os.path.join(folder, "member")  # noqa: PTH118 - beside open(), like the rest of this walk
        try:
            yield from _members(path, name, place, budget)
        except _Spent:
            yield Unread("", TOO_LARGE if budget.bytes <= 0 else TOO_MANY)
        except _ERRORS as error:
            yield Unread("", f"it is broken: {_words(error)}")


def _members(path: str, name: str, place: str, budget: Budget) -> Iterator[Member | Unread]:
    with open(path, "rb") as file:
        start = file.read(6)
    if start.startswith(b"PK"):
        yield from _zip(path, place, budget)
        return
    single = _single(path, start)
    if single is not None and not _is_tar(path):
        with single:
            _copy(single, place, budget)
        yield Member(_without_suffix(name), place, None)
        return
    with tarfile.open(path, "r|*") as tar:
        for info in tar:
            if not info.isfile():
                continue
            source = tar.extractfile(info)
            if source is not None:
                with source:
                    _copy(source, place, budget)
                yield Member(info.name, place, int(info.mtime * 1000))


def _zip(path: str, place: str, budget: Budget) -> Iterator[Member | Unread]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                yield Unread(info.filename, "it is encrypted")
                continue
            try:
                with archive.open(info) as source:
                    _copy(source, place, budget)
            except _ERRORS as error:
                yield Unread(info.filename, f"it is broken: {_words(error)}")
                continue
            at = None
            with suppress(ValueError):
                at = int(datetime(*info.date_time, tzinfo=UTC).timestamp()) * 1000
            yield Member(info.filename, place, at)


def _single(path: str, start: bytes) -> _Source | None:
    """A compressed file, opened; None when it is none."""
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(path, "rb")
    if start.startswith(b"BZh"):
        return bz2.open(path, "rb")
    return lzma.open(path, "rb") if start.startswith(b"\xfd7zXZ") else None


def _copy(source: _Source, place: str, budget: Budget) -> None:
    budget.members -= 1
    if budget.members < 0:
        raise _Spent
    with open(place, "wb") as out:
        while piece := source.read(_PIECE):
            budget.bytes -= len(piece)
            if budget.bytes <= 0:
                raise _Spent
            out.write(piece)


def _is_tar(path: str) -> bool:
    try:
        with tarfile.open(path, "r|*") as tar:
            return tar.next() is not None
    except _ERRORS:
        return False


def _without_suffix(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix.lower() in {"gz", "bz2", "xz", "lzma", "z"} else name


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
