"""Read single captures from segments, with a small cache of open segments and frames."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import orjson

from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive import segments, warc
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.places import InSegment
from civicmail.mail.archive.segments import Segment
from civicmail.mail.archive.warc import WarcRecord

_SEGMENTS_OPEN = 64
_FRAMES_BYTES = 24 << 20


class Sealed:
    """The sealed part of a data folder. Raises FileNotFoundError where a segment was rewritten or disposed of, DamagedFile,
    KeyMissing."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._keyring: Keyring | None = None
        self._segments: OrderedDict[str, Segment] = OrderedDict()
        self._frames: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._frames_bytes = 0

    def head(self, where: InSegment, id_: bytes) -> bytes:
        """The head of a capture, which begins there, byte for byte."""
        frame, record = self._head(where, id_)
        return frame[record.start : record.stop]

    def body(self, where: InSegment, id_: bytes) -> tuple[bytes, bytes]:
        """(the message's bytes, the SHA-256 that its head names) of the capture whose head begins there; not yet compared."""
        frame, record = self._head(where, id_)
        sha256 = bytes.fromhex(orjson.loads(frame[record.start : record.stop])["sha256"])
        number, offset = self._following(where, where.frame, record.end)
        frame, record = self._record(where, number, offset)
        if record.type == b"revisit":
            first, at = record.fields[b"civicmail-refers-to-place"].split()
            frame, record = self._record(where, int(first), int(at))
        if record.type != b"resource":
            raise DamagedFile(f"Behind the head of {sha256.hex()} in segment {where.segment} there is no message.")
        return frame[record.start : record.stop], sha256

    def events(self, where: InSegment, id_: bytes) -> Iterator[bytes]:
        """Heads of the events about a capture from this place on, up to the next capture."""
        self._still_there(where)
        number, offset, first = where.frame, where.offset, True
        segment = self._segment(where)
        while number < segment.frames:
            frame = self._frame(where, number)
            while offset < len(frame):
                record = warc.parse(frame, offset)
                if record is None:
                    raise self._damaged(where, number, offset)
                if record.type == b"metadata":
                    head = frame[record.start : record.stop]
                    is_receipt = orjson.loads(head)["type"] == "receipt"
                    if warc.about(record) != id_ or (is_receipt and not first):
                        return
                    if not is_receipt:
                        yield head
                first, offset = False, record.end
            number, offset = number + 1, 0

    def segment(self, class_: str, month: str, name: str) -> Segment:
        """One segment, cached for a while."""
        known = self._segments.get(name)
        if known is None:
            self._keyring = self._keyring or Keyring(self._data)
            path = segments.path_of(self._data, class_, month, name)
            if not path.exists():
                raise FileNotFoundError(path)
            known = self._segments[name] = Segment(path, name, self._keyring.open(name))
            if len(self._segments) > _SEGMENTS_OPEN:
                self._segments.popitem(last=False)[1].close()
        self._segments.move_to_end(name)
        return known

    def forget(self) -> None:
        """Close everything: the files on disk may have changed."""
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
        self._frames.clear()
        self._frames_bytes = 0

    def _head(self, where: InSegment, id_: bytes) -> tuple[bytes, WarcRecord]:
        """The record that the catalogue names, when it is about this capture."""
        self._still_there(where)
        frame, record = self._record(where, where.frame, where.offset)
        if warc.about(record) != id_:
            raise self._damaged(where, where.frame, where.offset, f" about {id_.hex()}")
        return frame, record

    def _still_there(self, where: InSegment) -> None:
        """Raise FileNotFoundError unless the segment exists: disposed records are not read from memory either."""
        path = segments.path_of(self._data, where.class_, where.month, where.segment)
        if not path.exists():
            raise FileNotFoundError(path)

    def _segment(self, where: InSegment) -> Segment:
        return self.segment(where.class_, where.month, where.segment)

    def _frame(self, where: InSegment, number: int) -> bytes:
        key = (where.segment, number)
        known = self._frames.get(key)
        if known is not None:
            self._frames.move_to_end(key)
            return known
        frame = self._segment(where).frame(number)
        if len(frame) <= _FRAMES_BYTES // 4:
            self._frames[key] = frame
            self._frames_bytes += len(frame)
            while self._frames_bytes > _FRAMES_BYTES:
                self._frames_bytes -= len(self._frames.popitem(last=False)[1])
        return frame

    def _record(self, where: InSegment, number: int, offset: int) -> tuple[bytes, WarcRecord]:
        frame = self._frame(where, number)
        record = warc.parse(frame, offset)
        if record is None:
            raise self._damaged(where, number, offset)
        return frame, record

    def _following(self, where: InSegment, number: int, offset: int) -> tuple[int, int]:
        """The start of the next record: in the same frame, or at the start of the next one."""
        return (number, offset) if offset < len(self._frame(where, number)) else (number + 1, 0)

    @staticmethod
    def _damaged(where: InSegment, number: int, offset: int, what: str = "") -> DamagedFile:
        segment = f"{where.class_}/{where.month}/{where.segment}"
        return DamagedFile(f"There is no record{what} at byte {offset} of frame {number} in segment {segment}.")
