"""The snapshot of outstanding recipients: <data>/outstanding/snapshot (docs/formats.md, "Outstanding snapshot").

A process that removes journal files calls `advance` first, so that the snapshot contains the state of recipients from the removed
records.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import zstandard

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Positions, Tail
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.outstanding import Entry, Outstanding

MAGIC = b"CVO1"
_VERSION = 1
_MENDED = "`civicmail rebuild outstanding` makes it new."
_CRC = struct.Struct("<I")


def snapshot_path(data: Path) -> Path:
    return data / "outstanding" / "snapshot"


def load(data: Path, *, repeats: bool = True) -> Outstanding:
    """The saved projection, empty if there is none. repeats: as of Outstanding; only one with repeats may be saved.

    Raises DamagedFile if the file is damaged, or does not reach the last removed journal file: then it was lost, or an old one was
    restored, and only segments have the removed records.
    """
    top = journal.folder(data)
    retired = {name: journal.read_retired(top / name) for name in journal.names(data)}  # first: the snapshot is written before it
    try:
        outstanding = decode(snapshot_path(data).read_bytes(), repeats=repeats)
    except FileNotFoundError:
        outstanding = Outstanding(repeats=repeats)
    for name, last in retired.items():
        if outstanding.positions.get(name, 0) < last:
            raise DamagedFile(f"outstanding/snapshot lacks what was sealed of journal {name}; {_MENDED}")
    return outstanding


def save(data: Path, outstanding: Outstanding, files: Files = OS_FILES) -> None:
    """Replace the snapshot; durable on return."""
    path = snapshot_path(data)
    files.make_folder(path.parent, levels=0)
    files.replace(path, encode(outstanding))


def current(data: Path) -> Outstanding:
    """The projection of everything durable at this moment: the snapshot and the journal records since then."""
    outstanding = load(data)
    tail = Tail(data, outstanding.positions, bodies=False)
    while records := tail.poll():
        for record in records:
            outstanding.apply(record)
    return outstanding


def advance(data: Path, now: int, files: Files = OS_FILES) -> Positions:
    """Bring the snapshot up to everything durable; the positions that it covers. Needs no lease, but one caller at a time."""
    outstanding = current(data)
    outstanding.settle(now)
    save(data, outstanding, files)
    return dict(outstanding.positions)


def encode(outstanding: Outstanding) -> bytes:
    """The bytes of a snapshot; equal states that were reached in the same order give equal bytes."""
    compress = zstandard.ZstdCompressor(level=3).compressobj()
    chunks: list[bytes] = []
    lines: list[bytes] = []
    for plain in _lines(outstanding):
        lines.append(orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE))
        if len(lines) >= 1024:
            chunks.append(compress.compress(b"".join(lines)))
            lines.clear()
    chunks += [compress.compress(b"".join(lines)), compress.flush()]
    frame = b"".join(chunks)
    return MAGIC + _CRC.pack(zlib.crc32(frame)) + frame


def _lines(o: Outstanding) -> Iterator[list[Any]]:
    yield ["v", _VERSION, o.positions]
    for e in o.entries.values():
        copies = [[i, *c.plain()] for i, c in e.copies.items()]
        place = [e.journal, e.file, e.offset, e.number]
        about = [e.about.hex()] if e.about else []
        yield ["e", e.id.hex(), *place, e.received, e.size, e.sender, e.kind, e.key.hex(), int(e.seen), e.touched, copies, *about]
    for key, cells in o.receipts.items():
        yield ["k", key.hex(), cells.hex()]
    for (id_, index), at in o.reports.items():
        yield ["r", id_.hex(), index, at]
    if o.lost:
        yield ["l", o.lost, o.restored]


def decode(content: bytes, *, repeats: bool = True) -> Outstanding:
    """The projection in a snapshot."""
    if content[:4] != MAGIC:
        raise DamagedFile(f"outstanding/snapshot does not begin with CVO1; {_MENDED}")
    frame = content[8:]
    if len(content) < 8 or _CRC.unpack_from(content, 4)[0] != zlib.crc32(frame):
        raise DamagedFile(f"outstanding/snapshot is damaged; {_MENDED}")
    outstanding = Outstanding(repeats=repeats)
    try:
        with zstandard.ZstdDecompressor().stream_reader(frame) as stream:
            rest = b""
            while piece := stream.read(1 << 20):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    _take(outstanding, orjson.loads(line))
    except (zstandard.ZstdError, ValueError, LookupError, TypeError) as error:
        raise DamagedFile(f"outstanding/snapshot is damaged; {_MENDED}") from error
    return outstanding


def _take(o: Outstanding, plain: list[Any]) -> None:
    kind = plain[0]
    if kind == "v":
        if plain[1] != _VERSION:
            raise DamagedFile(f"outstanding/snapshot has version {plain[1]}, this program knows version {_VERSION}.")
        o.positions = plain[2]
    elif kind == "e":
        o.entries[bytes.fromhex(plain[1])] = _entry(plain)
    elif kind == "k" and o.repeats:
        o.receipts[bytes.fromhex(plain[1])] = bytes.fromhex(plain[2])
    elif kind == "r":
        o.reports[bytes.fromhex(plain[1]), plain[2]] = plain[3]
    elif kind == "l":
        o.lost, o.restored = plain[1:]


def _entry(plain: list[Any]) -> Entry:
    e = Entry(bytes.fromhex(plain[1]))
    e.journal, e.file, e.offset, e.number, e.received, e.size, e.sender, e.kind = plain[2:10]
    e.key, e.seen, e.touched = bytes.fromhex(plain[10]), bool(plain[11]), plain[12]
    e.about = bytes.fromhex("".join(plain[14:]))
    e.copies = {c[0]: Copy.from_plain(c[1:]) for c in plain[13]}
    return e
