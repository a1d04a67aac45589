"""TAR archives, and single files packed by gzip, bzip2 or xz, which are TAR archives most of the time."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable
from io import BytesIO

from civicmail.core.sandbox import sniff
from civicmail.core.sandbox.budget import MEMBER
from civicmail.core.sandbox.case import Case
from civicmail.core.sandbox.errors import DAMAGED, TOO_LARGE, Spent, Unreadable

PIECE = 1 << 20
_OPENERS: dict[str, Callable[[BytesIO], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


def read(content: bytes, case: Case) -> None:
    kind = sniff.kind(content)
    if kind == "tar":
        _members(content, case)
        return
    whole, why = _expanded(kind, content, case)
    if whole:
        case.inside(whole, case.member(""))
    if why:
        raise Unreadable(why)


def _expanded(kind: sniff.Kind, content: bytes, case: Case) -> tuple[bytes, str]:
    """As much as can be unpacked, and why not more."""
    pieces: list[bytes] = []
    size = 0
    try:
        with _OPENERS[kind](BytesIO(content)) as file:
            while piece := file.read(PIECE):
                case.budget.expand(len(piece))
                size += len(piece)
                if size > MEMBER:
                    return b"", TOO_LARGE
                pieces.append(piece)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return b"".join(pieces), DAMAGED
    return b"".join(pieces), ""


def _members(content: bytes, case: Case) -> None:
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
            for info in archive:
                case.budget.tick()
                if info.isreg():
                    _one(archive, info, case)
    except tarfile.TarError:
        raise Unreadable(DAMAGED) from None


def _one(archive: tarfile.TarFile, info: tarfile.TarInfo, case: Case) -> None:
    try:
        case.budget.expand(info.size)
        file = archive.extractfile(info)
        data = file.read() if file else b""
        case.open(info.name, data)
        if len(data) < info.size:
            raise Unreadable(DAMAGED)
    except Spent:
        raise
    except Unreadable as error:
        case.out.unreadable(f"{case.path}/{info.name}", error.why)
