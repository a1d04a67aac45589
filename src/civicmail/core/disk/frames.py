"""One record of a journal as bytes, and the header of a journal file (docs/formats.md, "Journal").

The fixed part of a frame repeats the capture id and the body's SHA-256, so that a reader can walk a journal without decoding heads.
durable is the number of the last record known to be synced when this one was written: if a later frame calls a bad frame's number
durable, bytes were damaged; otherwise the tail was torn and never acknowledged.

Checksums start from the seed in the file's header, which senders cannot know: frames inside a message never look like frames of
this journal, even when a search for the next whole frame runs through that message's bytes.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

MAGIC = b"CVR1"
FILE_MAGIC = b"CVJ1"
FIXED = struct.Struct("<4sBBHIIQQQ16s32s")
FILE_HEADER = struct.Struct("<4sI16sQQI")  # magic, crc, journal, first number, created in ms, seed
FILE_HEADER_SIZE = 64
_SEED = struct.Struct("<I")
_SEED_AT = FILE_HEADER.size - _SEED.size
SPOOLED = 1  # flag: the body is in a spool file that the head names
HEAD_MAX = 16 << 20
NO_ID = bytes(16)
NO_SHA = bytes(32)


class Buffer(Protocol):
    """Bytes, a memory view or a memory map."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: slice, /) -> bytes | memoryview: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...


class Frame(NamedTuple):
    """A whole record in place: offset and end in its file; head and body are views into the buffer that was read."""

    offset: int
    end: int
    type: int
    flags: int
    number: int
    durable: int
    id: bytes
    sha256: bytes
    head: memoryview
    body: memoryview

    @property
    def spooled(self) -> bool:
        return bool(self.flags & SPOOLED)


def encode(
    type_: int,
    flags: int,
    number: int,
    durable: int,
    *,
    id_: bytes,
    sha256: bytes,
    head: bytes,
    body: bytes | memoryview,
    seed: int,
) -> list[bytes | memoryview]:
    """The chunks of one frame, padded to eight bytes. seed: of its journal."""
    fixed = (MAGIC, type_, flags, 0, len(head), 0, len(body), number, durable, id_, sha256)
    crc = zlib.crc32(body, zlib.crc32(head, zlib.crc32(FIXED.pack(*fixed), seed)))
    chunks: list[bytes | memoryview] = [FIXED.pack(*fixed[:5], crc, *fixed[6:]), head, body]
    if pad := -(FIXED.size + len(head) + len(body)) % 8:
        chunks.append(bytes(pad))
    return chunks


def size_of(head: int, body: int) -> int:
    """Bytes that a frame with these lengths takes."""
    return (FIXED.size + head + body + 7) & ~7


def decode(buffer: Buffer, offset: int, *, check: bool = True) -> Frame | None:
    """The frame at offset of a journal file, or None where there is no whole frame. check=False skips the checksum. buffer is the
    whole file, because its header has the seed of the checksums."""
    total = len(buffer)
    if offset + FIXED.size > total:
        return None
    magic, type_, flags, zero, head_len, crc, body_len, number, durable, id_, sha = FIXED.unpack_from(buffer, offset)
    if magic != MAGIC or zero or head_len > HEAD_MAX:
        return None
    start = offset + FIXED.size
    if offset + size_of(head_len, body_len) > total:  # with the padding: a whole file ends where its last frame does
        return None
    view = memoryview(buffer)
    head = view[start : start + head_len]
    body = view[start + head_len : start + head_len + body_len]
    if check:
        fixed = FIXED.pack(magic, type_, flags, 0, head_len, 0, body_len, number, durable, id_, sha)
        if zlib.crc32(body, zlib.crc32(head, zlib.crc32(fixed, seed_of(buffer)))) != crc:
            return None
    return Frame(offset, offset + size_of(head_len, body_len), type_, flags, number, durable, id_, sha, head, body)


def walk(buffer: Buffer, offset: int = FILE_HEADER_SIZE, *, check: bool = True, first: int | None = None) -> Iterator[Frame]:
    """Whole frames one after the other from offset, up to the first place without one or where the number does not follow. first:
    the number that the first frame must have."""
    expected = first
    while (frame := decode(buffer, offset, check=check)) is not None:
        if expected is not None and frame.number != expected:
            return
        yield frame
        expected = frame.number + 1
        offset = frame.end


def next_after_damage(buffer: bytes | mmap.mmap, offset: int, least: int) -> Frame | None:
    """The first whole frame behind offset whose number is at least `least`; distinguishes damage from a torn tail."""
    at = buffer.find(MAGIC, offset + 1)
    while at >= 0:
        if at % 8 == 0 and (frame := decode(buffer, at)) is not None and frame.number >= least:
            return frame
        at = buffer.find(MAGIC, at + 1)
    return None


def seed_of(buffer: Buffer) -> int:
    """The seed of this journal file's checksums; 0 if the file has no whole header."""
    return int(_SEED.unpack_from(buffer, _SEED_AT)[0]) if len(buffer) >= FILE_HEADER_SIZE else 0


def encode_file_header(journal: str, first: int, created: int, seed: int = 0) -> bytes:
    """The 64 bytes that a journal file begins with."""
    name = journal.encode("ascii").ljust(16, b"\0")
    crc = zlib.crc32(FILE_HEADER.pack(FILE_MAGIC, 0, name, first, created, seed))
    return FILE_HEADER.pack(FILE_MAGIC, crc, name, first, created, seed).ljust(FILE_HEADER_SIZE, b"\0")


def decode_file_header(buffer: Buffer) -> tuple[str, int, int] | None:
    """(journal, first number, created in ms), or None where the header is not whole."""
    if len(buffer) < FILE_HEADER_SIZE:
        return None
    magic, crc, name, first, created, seed = FILE_HEADER.unpack_from(buffer, 0)
    if magic != FILE_MAGIC or zlib.crc32(FILE_HEADER.pack(magic, 0, name, first, created, seed)) != crc:
        return None
    return name.rstrip(b"\0").decode("ascii", "replace"), first, created
