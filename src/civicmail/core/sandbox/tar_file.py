"""TAR archives, and single files packed by gzip, bzip2, xz or Zstandard, which are usually TAR archives."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import IO

import zstandard

from civicmail.core.sandbox import sniff
from civicmail.core.sandbox.budget import MEMBER
from civicmail.core.sandbox.errors import DAMAGED, TOO_LARGE, Spent, Unreadable
from civicmail.core.sandbox.extraction import Extraction

PIECE = 1 << 20
_FRAME_HEADER = 18
WINDOW = 128 << 20
"""Bytes that unpacking Zstandard may look back: what its own program takes without being told otherwise."""
_OPENERS: dict[
    str, Callable[[BytesIO], IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile | zstandard.ZstdDecompressionReader]
] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zstd": lambda file: zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(file, read_across_frames=True),
}


def read(content: bytes, extraction: Extraction) -> None:
    kind = sniff.detect(content)
    if kind == "tar":
        _members(content, extraction)
        return
    whole, why = _expanded(kind, content, extraction)
    if whole:
        extraction.inside(whole, extraction.member(""))
    if why:
        raise Unreadable(why)


def _expanded(kind: sniff.Kind, content: bytes, extraction: Extraction) -> tuple[bytes, str]:
    """As much as can be unpacked, and why not more."""
    pieces: list[bytes] = []
    size = 0
    try:
        with _OPENERS[kind](BytesIO(content)) as file:
            while piece := file.read(PIECE):
                extraction.budget.expand(len(piece))
                size += len(piece)
                if size > MEMBER:
                    return b"", TOO_LARGE
                pieces.append(piece)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError):
        return b"".join(pieces), DAMAGED
    return b"".join(pieces), "" if kind != "zstd" or _is_whole(content) else DAMAGED


def _is_whole(content: bytes) -> bool:
    """Whether the frames of Zstandard end where the file does (RFC 8878 3.1.1): its reader takes the end of the file for theirs."""
    at = 0
    while at < len(content):
        if content[at + 1 : at + 4] == b"\x2a\x4d\x18":
            at += 8 + int.from_bytes(content[at + 4 : at + 8], "little")
            continue
        begin = content[at : at + _FRAME_HEADER]
        try:
            checked = zstandard.get_frame_parameters(begin).has_checksum
            at += zstandard.frame_header_size(begin)
        except zstandard.ZstdError:
            return False
        last = False
        while not last:
            head = int.from_bytes(content[at : at + 3], "little")
            if at + 3 > len(content):
                return False
            last, size = bool(head & 1), head >> 3
            at += 3 + (1 if head >> 1 & 3 == 1 else size)  # one byte that is repeated
        at += 4 * checked
    return at == len(content)


def _members(content: bytes, extraction: Extraction) -> None:
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
            for info in archive:
                extraction.budget.tick()
                if info.isreg():
                    _one(archive, info, extraction)
    except tarfile.TarError:
        raise Unreadable(DAMAGED) from None


def _one(archive: tarfile.TarFile, info: tarfile.TarInfo, extraction: Extraction) -> None:
    try:
        extraction.budget.expand(info.size)
        file = archive.extractfile(info)
        data = file.read() if file else b""
        extraction.open(info.name, data)
        if len(data) < info.size:
            raise Unreadable(DAMAGED)
    except Spent:
        raise
    except Unreadable as error:
        extraction.out.unreadable(f"{extraction.path}/{info.name}", error.why)
