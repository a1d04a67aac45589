"""The local headers of a zip's members (APPNOTE 4.3.7): a second list, which some programs trust instead of the central directory,
and the only one of a truncated zip."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MARK = b"PK\x03\x04"
_HEADER = struct.Struct("<4sHHHHHIIIHH")
_UTF8, _ENCRYPTED, _MASKED = 0x800, 0x1, 0x2000
_STORED, _DEFLATED = 0, 8
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """start: of the header; data: of the packed data; packed, size: as stated, 0 if stated after the data."""

    start: int
    data: int
    raw: bytes
    flags: int
    method: int
    packed: int
    size: int

    @property
    def name(self) -> str:
        return self.raw.decode("utf-8" if self.flags & _UTF8 else "cp437", "replace")

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & _ENCRYPTED)


def at(content: bytes, start: int) -> Header | None:
    """The header at this offset; None for none."""
    head = content[start : start + _HEADER.size]
    if len(head) < _HEADER.size or not head.startswith(MARK):
        return None
    _, _, flags, method, _, _, _, packed, size, name, extra = _HEADER.unpack(head)
    begins = start + _HEADER.size
    return Header(start, begins + name + extra, content[begins : begins + name], flags, method, packed, size)


def between(content: bytes, start: int, end: int) -> Iterator[Header]:
    """The headers in [start, end), each after the packed data of the one before."""
    while (position := content.find(MARK, start, end)) >= 0:
        header = at(content, position)
        if header is None:
            return
        yield header
        start = max(position + len(MARK), header.data + (header.packed if header.packed < end - header.data else 0))


def differs(content: bytes, info: zipfile.ZipInfo) -> Header | None:
    """The local header with another name than the directory's; None if they agree, or one is masked."""
    header = at(content, info.header_offset)
    if header is None or header.flags & _MASKED:
        return None
    listed = info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437", "replace")
    return header if header.raw.replace(b"\\", b"/") != listed.replace(b"\\", b"/") else None


def unlisted(content: bytes, infos: list[zipfile.ZipInfo], end: int) -> Iterator[Header]:
    """Headers of members missing from the directory. end: where the directory begins."""
    start = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        yield from between(content, start, info.header_offset)
        header = at(content, info.header_offset)
        start = max(start, (header.data if header is not None else info.header_offset) + info.compress_size)
    yield from between(content, start, end)


def unpacked(content: bytes, header: Header, expand: Callable[[int], None]) -> bytes | None:
    """The available part of a member; None for an unsupported method. expand: counts bytes, and may raise."""
    if header.method == _STORED:
        data = content[header.data : header.data + (header.packed or len(content))]
        expand(len(data))
        return data
    if header.method != _DEFLATED:
        return None
    pieces: list[bytes] = []
    reader = zlib.decompressobj(-15)
    for start in range(header.data, len(content), _PIECE):
        rest = content[start : start + _PIECE]
        while rest and not reader.eof:
            try:
                piece = reader.decompress(rest, 16 * _PIECE)
            except zlib.error:
                return b"".join(pieces)
            expand(len(piece))
            pieces.append(piece)
            rest = reader.unconsumed_tail
        if reader.eof:
            break
    return b"".join(pieces)
