"""A segment: about 64 MiB of one retention class and month, encrypted, self-contained (docs/formats.md, "Segment").

Inside is plain WARC (warc.py), cut into zstd frames of about 1 MiB that hold whole records, each frame AES-256-GCM under the key of
the segment: nonce = frame number, additional data = segment id and frame number, so no frame can be moved, repeated or left out. A
body above 1 MiB is a frame of its own, so that the head in front of it can be read without decrypting it.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import File, Files, map_of
from civicmail.mail.archive import warc

SEGMENT_SIZE = 64 << 20
FRAME_SIZE = 1 << 20
LEVEL = 3
_HEADER = struct.Struct("<4sI16sQ")  # magic, crc, segment id, created in ms
_FRAME = struct.Struct("<4sIQ")  # magic, number, stored bytes with tag
_TRAILER = struct.Struct("<4sIII4Q")  # magic, crc, frames, records, (offset, stored bytes) of the two tables
_PLACE = struct.Struct("<QQQ")  # of a frame: offset of its header, stored bytes with tag, plain bytes
_ROW = struct.Struct("<BxxxIQ16s32sII")  # type, journal, number, capture id, SHA-256, frame, offset
_MAGIC, _FRAME_MAGIC, _END_MAGIC = b"CVS1", b"CVF1", b"CVT1"
FRAME_TABLE, RECORD_TABLE = 0xFFFFFFFE, 0xFFFFFFFF
_TAG = 16
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a segment: type, origin, and place of its head. sha256: of receipts, else zero."""

    type: int
    journal: str
    number: int
    id: bytes
    sha256: bytes
    frame: int
    offset: int


def path_of(data: Path, class_: str, month: str, segment: str) -> Path:
    return data / "segments" / class_ / month / f"{segment}.seg"


def listed(data: Path) -> Iterator[tuple[str, str, str]]:
    """(class, month, segment id) of every segment file, in order."""
    for path in sorted((data / "segments").glob("*/*/*.seg")):
        yield path.parent.parent.name, path.parent.name, path.stem


def created(path: Path) -> int:
    """When a segment was written, epoch ms, by its header alone; 0 where that is damaged. Raises FileNotFoundError."""
    with path.open("rb") as h:
        header = h.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return 0
    magic, crc, id_, at = _HEADER.unpack(header)
    return int(at) if zlib.crc32(_HEADER.pack(magic, 0, id_, at)) == crc else 0


class SegmentWriter:
    """Writes one segment under a temporary name: it is invisible before the rename, and not durable before file.sync()."""

    def __init__(
        self, files: Files, path: Path, segment: str, key: bytes, *, class_: str, month: str, created: int, checkpoint: str
    ) -> None:
        self.path = path
        self.segment = segment
        self.rows: list[Row] = []
        self.size = _HEADER.size
        self._id = bytes.fromhex(segment)
        self._key = key
        self._gcm = AESGCM(key)
        self._zstd = zstandard.ZstdCompressor(level=LEVEL)
        self._places: list[tuple[int, int, int]] = []
        self._bodies: dict[bytes, tuple[bytes, int, int]] = {}  # SHA-256 -> capture, frame and offset of its resource record
        self._pending: list[bytes | memoryview] = []
        self._pending_size = 0
        self.file: File = files.open(path, create=True)
        crc = zlib.crc32(_HEADER.pack(_MAGIC, 0, self._id, created))
        try:
            self.file.write_at(0, [_HEADER.pack(_MAGIC, crc, self._id, created)])
        except OSError:
            self.file.close()
            raise
        self._add([warc.info(segment, class_, month, created, checkpoint)])

    def receipt(self, row: Row, at: int, head: memoryview | bytes, body: memoryview | bytes) -> None:
        """Add a capture; frame and offset of the row are set here. at: received, ms. body: may be a mapped spool file."""
        size = len(body)
        if self._pending_size and self._pending_size + len(head) + min(size, FRAME_SIZE) > FRAME_SIZE:
            self._cut()
        self._row(row)
        self._add(warc.metadata(row.journal, row.number, row.id, at, head))
        known = self._bodies.get(row.sha256)
        if known is not None:
            self._add([warc.revisit(row.id, at, row.sha256, *known)])
            return
        opening = warc.resource(row.id, at, row.sha256, size)
        if size <= FRAME_SIZE:
            self._bodies[row.sha256] = (row.id, len(self._places), self._pending_size)
            self._add([opening, body, warc.END])
            return
        self._cut()
        self._bodies[row.sha256] = (row.id, len(self._places), 0)
        self._stream([opening, body, warc.END])

    def event(self, row: Row, at: int, head: memoryview | bytes) -> None:
        """Add an event or entry; place it behind its capture if that is in this segment too. at: ms."""
        if self._pending_size and self._pending_size + len(head) > FRAME_SIZE:
            self._cut()
        self._row(row)
        self._add(warc.metadata(row.journal, row.number, row.id, at, head))

    def finish(self) -> None:
        """Write what is pending, the tables and the trailer."""
        self._cut()
        table = b"".join(_PLACE.pack(*p) for p in self._places)
        rows = b"".join(_ROW.pack(r.type, int(r.journal, 16), r.number, r.id, r.sha256, r.frame, r.offset) for r in self.rows)
        frames = len(self._places)
        where = (self.size, self._write(FRAME_TABLE, table), self.size, self._write(RECORD_TABLE, rows))
        counts = (frames, len(self.rows), *where)
        crc = zlib.crc32(_TRAILER.pack(_END_MAGIC, 0, *counts))
        self.size = self.file.write_at(self.size, [_TRAILER.pack(_END_MAGIC, crc, *counts)])

    def _row(self, row: Row) -> None:
        self.rows.append(Row(row.type, row.journal, row.number, row.id, row.sha256, len(self._places), self._pending_size))

    def _add(self, chunks: Iterable[bytes | memoryview]) -> None:
        for chunk in chunks:
            self._pending.append(chunk)
            self._pending_size += len(chunk)

    def _cut(self) -> None:
        """End the frame that is being filled."""
        if not self._pending:
            return
        plain = b"".join(self._pending)
        self._pending, self._pending_size = [], 0
        number, offset = len(self._places), self.size
        self._places.append((offset, self._write(number, plain), len(plain)))

    def _write(self, number: int, plain: bytes) -> int:
        """Write one encrypted frame; return its stored bytes."""
        sealed = self._gcm.encrypt(_nonce(number), self._zstd.compress(plain), _about(self._id, number))
        self.size = self.file.write_at(self.size, [_FRAME.pack(_FRAME_MAGIC, number, len(sealed)), sealed])
        return len(sealed)

    def _stream(self, parts: list[bytes | memoryview]) -> None:
        """Write a frame of any size without holding it: the length in its header is written last."""
        number, offset = len(self._places), self.size
        plain = sum(len(part) for part in parts)
        squeeze = self._zstd.compressobj(size=plain)
        seal = Cipher(AES256(self._key), GCM(_nonce(number))).encryptor()
        seal.authenticate_additional_data(_about(self._id, number))
        at = offset + _FRAME.size
        for part in parts:
            with memoryview(part) as view:
                for start in range(0, len(view), _CHUNK):
                    at = self.file.write_at(at, [seal.update(squeeze.compress(view[start : start + _CHUNK]))])
        at = self.file.write_at(at, [seal.update(squeeze.flush()) + seal.finalize(), seal.tag])
        stored = at - offset - _FRAME.size
        self.file.write_at(offset, [_FRAME.pack(_FRAME_MAGIC, number, stored)])
        self.size = at
        self._places.append((offset, stored, plain))


class Segment:
    """A sealed segment, for reading. Raises DamagedFile wherever bytes are not those that were written."""

    def __init__(self, path: Path, segment: str, key: bytes) -> None:
        self.path = path
        self.segment = segment
        self._id = bytes.fromhex(segment)
        self._gcm = AESGCM(key)
        with path.open("rb") as h:
            if os.fstat(h.fileno()).st_size < _HEADER.size + _TRAILER.size:
                raise self._damaged("it is too short")
            self._map = map_of(h.fileno())
        magic, crc, id_, created = _HEADER.unpack_from(self._map, 0)
        if magic != _MAGIC or id_ != self._id or zlib.crc32(_HEADER.pack(magic, 0, id_, created)) != crc:
            raise self._damaged("its header is not that of this segment")
        fields = _TRAILER.unpack_from(self._map, len(self._map) - _TRAILER.size)
        if fields[0] != _END_MAGIC or zlib.crc32(_TRAILER.pack(fields[0], 0, *fields[2:])) != fields[1]:
            raise self._damaged("its trailer is not whole")
        self.created = created
        self.frames, self.records = fields[2], fields[3]
        self._rows_at = (fields[6], fields[7], self.records * _ROW.size)
        table = self._open(FRAME_TABLE, (fields[4], fields[5], self.frames * _PLACE.size))
        self._places: list[tuple[int, int, int]] = list(_PLACE.iter_unpack(table))

    def frame(self, number: int) -> bytes:
        """The plain bytes of a frame: whole WARC records."""
        if not 0 <= number < self.frames:
            raise self._damaged(f"it has no frame {number}")
        return self._open(number, self._places[number])

    def rows(self) -> Iterator[Row]:
        """The record table."""
        table = self._open(RECORD_TABLE, self._rows_at)
        for type_, journal, number, id_, sha256, frame, offset in _ROW.iter_unpack(table):
            yield Row(type_, f"{journal:04x}", number, id_, sha256, frame, offset)

    def close(self) -> None:
        self._map.close()

    def _open(self, number: int, place: tuple[int, int, int]) -> bytes:
        offset, stored, plain = place
        start = offset + _FRAME.size
        if stored < _TAG or start + stored > len(self._map):
            raise self._damaged(f"frame {number} reaches behind its end")
        if _FRAME.unpack_from(self._map, offset) != (_FRAME_MAGIC, number, stored):
            raise self._damaged(f"the header of frame {number} at byte {offset} was changed")
        try:
            squeezed = self._gcm.decrypt(_nonce(number), self._map[start : start + stored], _about(self._id, number))
            content = zstandard.ZstdDecompressor().decompress(squeezed, max_output_size=plain) if plain else b""
        except (InvalidTag, zstandard.ZstdError):
            raise self._damaged(f"frame {number} at byte {offset} does not pass its check") from None
        if len(content) != plain:
            raise self._damaged(f"frame {number} has another length than its table says")
        return content

    def _damaged(self, why: str) -> DamagedFile:
        return DamagedFile(f"Segment {self.path.parent.parent.name}/{self.path.parent.name}/{self.path.name} is damaged: {why}.")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _about(id_: bytes, number: int) -> bytes:
    return id_ + number.to_bytes(4, "little")
