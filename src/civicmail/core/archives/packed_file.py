"""Single files compressed by gzip, bzip2, xz or Zstandard: archives of one member."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from typing import BinaryIO, cast

import zstandard

from civicmail.core.archives.archive import PIECE, Archive, Member
from civicmail.core.archives.budget import Budget
from civicmail.core.archives.errors import DAMAGED, TOO_LARGE, Unreadable
from civicmail.core.filetype.identify import identify

_HEAD = 512
_SKIPPED = b"\x2a\x4d\x18"
_FRAME_HEADER = 18
WINDOW = 128 << 20
"""The largest window of Zstandard in bytes: the default of its own program."""
ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


def unpacking(file: BinaryIO) -> BufferedIOBase:
    """A stream of what a compressed file unpacks to; errors of its library come while it is read."""
    start = file.read(_HEAD)
    file.seek(0)
    match identify(start).name:
        case "gz":
            return gzip.GzipFile(fileobj=file)
        case "bz2":
            return bz2.BZ2File(file)
        case "xz":
            return lzma.LZMAFile(file)
    engine = zstandard.ZstdDecompressor(max_window_size=WINDOW)
    return cast(BufferedIOBase, engine.stream_reader(file, read_across_frames=True, closefd=False))


class PackedFile(Archive):
    """An archive whose only member has no name."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def members(self) -> Iterator[Member]:
        yield Member("")

    def read(self, member: Member) -> Iterator[bytes]:
        size = 0
        try:
            with unpacking(self._file) as stream:
                while piece := stream.read1(PIECE):
                    self._budget.expand(len(piece))
                    size += len(piece)
                    if size > self._budget.limits.member:
                        raise Unreadable(TOO_LARGE)
                    yield piece
        except ERRORS as error:
            raise Unreadable(DAMAGED) from error
        if not _is_whole(self._file):
            raise Unreadable(DAMAGED)


def _is_whole(file: BinaryIO) -> bool:
    """Whether the frames of Zstandard end at the end of the file (RFC 8878 3.1.1), which its reader does not check."""
    end = file.seek(0, 2)
    file.seek(0)
    if identify(file.read(_HEAD)).name != "zst":
        return True
    at = 0
    while at < end:
        file.seek(at)
        begin = file.read(_FRAME_HEADER)
        if begin[1:4] == _SKIPPED:
            at += 8 + int.from_bytes(begin[4:8], "little")
            continue
        try:
            checked = zstandard.get_frame_parameters(begin).has_checksum
            at += zstandard.frame_header_size(begin)
        except zstandard.ZstdError:
            return False
        last = False
        while not last:
            file.seek(at)
            head = int.from_bytes(file.read(3), "little")
            if at + 3 > end:
                return False
            last, size = bool(head & 1), head >> 3
            at += 3 + (1 if head >> 1 & 3 == 1 else size)  # one byte that is repeated
        at += 4 * checked
    return at == end
