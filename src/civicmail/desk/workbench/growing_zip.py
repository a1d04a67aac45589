"""A zip file that grows and can be resumed after a crash (PKWARE APPNOTE 6.3: local headers, central directory, ZIP64).

    <file>          local headers and contents, one after the other; finish() appends the directory
    <file>.parts    the future directory: for each content crc, sizes, offset, method, length of the name, the name

The sizes of complete contents precede them, so that any reader can take the file as a stream.
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, File, Files

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4sHHHHIIH")
_PART = struct.Struct("<IQQQHH")  # crc, packed, size, offset, method, length of the name
_UTF8 = 0x0800
_STORED, _DEFLATED = 0, 8
_PLAIN, _ZIP64 = 20, 45  # version that is needed to extract
_UNIX_0600 = 0o100600 << 16
_MOST = 0xFFFFFFFF
_WIDE = 0xFF000000  # of a content: deflate may make it a little larger
_PIECE = 1 << 20
LEVEL = 1
"""Mail shrinks to a third at the least effort, and more effort gains little."""


class GrowingZip:
    """Created by `start` or `resume`. at: ms since 1970, the time of all contents."""

    def __init__(self, path: Path, at: int, files: Files = OS_FILES) -> None:
        self._files = files
        self._file = files.open(path, create=not path.exists())
        parts = parts_path(path)
        self._parts = files.open(parts, create=not parts.exists())
        self._end = self._parts_end = 0
        self._stamp = _dos(at)

    def resume(self, mark: tuple[int, int]) -> None:
        """Continue where mark() was called; truncate what was written later."""
        self._end, self._parts_end = mark
        self._file.truncate(self._end)
        self._parts.truncate(self._parts_end)

    def mark(self) -> tuple[int, int]:
        """Make everything durable; return where to resume."""
        self._file.sync()
        self._parts.sync()
        return self._end, self._parts_end

    def put(self, name: str, content: bytes) -> None:
        """Add one content."""
        packed = zlib.compress(content, LEVEL, wbits=-15)
        method = _DEFLATED if len(packed) < len(content) else _STORED
        kept = packed if method else content
        local = self._local(name, zlib.crc32(content), len(kept), len(content), method)
        behind = self._file.write_at(self._end, [local, kept])
        self._note(name, zlib.crc32(content), len(kept), len(content), method, behind)

    def put_file(self, name: str, path: Path) -> None:
        """Add a file piece by piece; its header is written when its sizes are known."""
        total = path.stat().st_size
        at = self._end + len(self._local(name, 0, total, total, _DEFLATED))
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        crc = size = 0
        start = at
        with path.open("rb") as h:
            while piece := h.read(_PIECE):
                crc, size = zlib.crc32(piece, crc), size + len(piece)
                at = self._file.write_at(at, [packer.compress(piece)])
        at = self._file.write_at(at, [packer.flush()])
        self._file.write_at(self._end, [self._local(name, crc, at - start, size, _DEFLATED)])
        self._note(name, crc, at - start, size, _DEFLATED, at)

    def _local(self, name: str, crc: int, packed: int, size: int, method: int) -> bytes:
        wide = size >= _WIDE
        extra = struct.pack("<HHQQ", 1, 16, size, packed) if wide else b""
        sizes = (_MOST, _MOST) if wide else (packed, size)
        raw = name.encode()
        version = _ZIP64 if wide else _PLAIN
        return _LOCAL.pack(b"PK\3\4", version, _UTF8, method, *self._stamp, crc, *sizes, len(raw), len(extra)) + raw + extra

    def _note(self, name: str, crc: int, packed: int, size: int, method: int, end: int) -> None:
        raw = name.encode()
        part = _PART.pack(crc, packed, size, self._end, method, len(raw)) + raw
        self._parts_end = self._parts.write_at(self._parts_end, [part])
        self._end = end

    def finish(self) -> None:
        """Write the directory; the file is complete and durable, and the parts file is removed."""
        start, count = self._end, 0
        for some in _together(_entries(self._parts, self._parts_end, self._stamp)):
            self._end = self._file.write_at(self._end, some)
            count += len(some)
        size = self._end - start
        wide = count >= 0xFFFF or start >= _MOST or size >= _MOST
        tail = b""
        if wide:
            tail = _END64.pack(b"PK\6\6", 44, 3 << 8 | _ZIP64, _ZIP64, 0, 0, count, count, size, start)
            tail += _LOCATOR.pack(b"PK\6\7", 0, self._end, 1)
        counts = (0xFFFF, 0xFFFF, _MOST, _MOST) if wide else (count, count, size, start)
        self._end = self._file.write_at(self._end, [tail, _END.pack(b"PK\5\6", 0, 0, *counts, 0)])
        self._file.truncate(self._end)
        self._file.sync()
        self.close()
        self._files.sync_folder(self._file.path.parent)
        self._files.unlink(self._parts.path)

    def close(self) -> None:
        self._file.close()
        self._parts.close()


def parts_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.parts")


def _entries(parts: File, end: int, stamp: tuple[int, int]) -> Iterator[bytes]:
    """The records of the central directory, in order."""
    with parts.path.open("rb") as h:
        while h.tell() < end:
            crc, packed, size, offset, method, length = _PART.unpack(h.read(_PART.size))
            raw = h.read(length)
            wide = size >= _WIDE or offset >= _MOST
            extra = struct.pack("<HHQQQ", 1, 24, size, packed, offset) if wide else b""
            sizes = (_MOST, _MOST) if wide else (packed, size)
            version = _ZIP64 if wide else _PLAIN
            head = (b"PK\1\2", 3 << 8 | version, version, _UTF8, method, *stamp, crc, *sizes, length, len(extra))
            yield _CENTRAL.pack(*head, 0, 0, 0, _UNIX_0600, _MOST if wide else offset) + raw + extra


def _together(records: Iterator[bytes], most: int = 4096) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    for record in records:
        some.append(record)
        if len(some) == most:
            yield some
            some = []
    if some:
        yield some


def _dos(at: int) -> tuple[int, int]:
    """Time and date of MS-DOS, in UTC, limited to the years 1980 to 2107."""
    t = time.gmtime(min(max(at // 1000, 315_532_800), 4_354_819_198))
    return t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2, (t.tm_year - 1980) << 9 | t.tm_mon << 5 | t.tm_mday
