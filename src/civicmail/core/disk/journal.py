"""A journal: files to which one process appends records, and which tell other processes what is durable.

<data>/journal/<name>/            one journal; its numbers have no gap
    lock                          held by the process that appends
    durable                       8 bytes: the last number that is synced; written after each sync, itself never synced
    retired                       decimal: the last number whose file was sealed and removed
    lost                          numbers that are lost and accounted for
    <first number>.log            records, preallocated to 64 MiB, cut to length when full or after five idle minutes; full is also
                                  a file whose records name 64 MiB of spool files
    spool/                        bodies above 1 MiB, each synced with its folder before its record

append() only collects; flush() writes and syncs everything collected, so that many sessions share one sync. A caller may
acknowledge a record only after the flush that covered it has returned.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import secrets
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk import frames, lost_records
from civicmail.core.disk.errors import DamagedFile, DiskFull, JournalEnded, LeaseHeld
from civicmail.core.disk.files import OS_FILES, File, Files, mapped
from civicmail.core.disk.lease import Lease

FILE_SIZE = 64 << 20
IDLE_MS = 5 * 60 * 1000
_NUMBER = struct.Struct("<Q")
_MOST = 1 << 48
_NAME = re.compile(r"[0-9a-f]{4,8}")
Head = Callable[[str, int], bytes]


def folder(data: Path) -> Path:
    return data / "journal"


def names(data: Path) -> list[str]:
    """The journals of a data folder, oldest first; a folder with another name than four or more hexadecimal digits is none."""
    try:
        with os.scandir(folder(data)) as entries:
            journals = [e.name for e in entries if _NAME.fullmatch(e.name) and e.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(journals, key=lambda name: (len(name), name))


def log_names(place: Path) -> list[tuple[int, str]]:
    """(first number, path) of the files of one journal, in order; paths as text, because this is called many times a second."""
    try:
        with os.scandir(place) as entries:
            return sorted((int(e.name[:-4]), e.path) for e in entries if e.name.endswith(".log") and e.name[:-4].isdigit())
    except (FileNotFoundError, NotADirectoryError):
        return []


def log_files(place: Path) -> list[tuple[int, Path]]:
    """(first number, path) of the files of one journal, in order."""
    return [(first, Path(path)) for first, path in log_names(place)]


def _seed_of(path: Path) -> int:
    with path.open("rb") as h:
        return frames.seed_of(h.read(frames.FILE_HEADER_SIZE))


def read_durable(place: Path) -> int:
    """The last number known to be synced, 0 if there is none. May be behind after a power cut, never ahead. Every follower calls
    this for every journal all day, so it does no more than necessary."""
    try:
        fd = os.open(f"{place}/durable", os.O_RDONLY | os.O_CLOEXEC)
        try:
            number = int(_NUMBER.unpack(os.read(fd, _NUMBER.size))[0])
            return number if number <= _MOST else 0  # no journal lives so long
        finally:
            os.close(fd)
    except (OSError, struct.error):
        return 0


def read_retired(place: Path) -> int:
    """The last number whose file was sealed and removed, 0 if none was. Raises DamagedFile, which names the expected content."""
    try:
        return int((place / "retired").read_bytes())
    except FileNotFoundError:
        return 0
    except ValueError:
        raise DamagedFile(
            f"{place / 'retired'} is damaged. It holds the number of the last record that was sealed, {retired_by_files(place)} "
            "by the other files: "
            "put it back from a copy, or write that number into it."
        ) from None


def retired_by_files(place: Path) -> int:
    """The value that `retired` should have, computed from the present files."""
    files = log_names(place)
    return files[0][0] - 1 if files else read_durable(place)


def durable(data: Path) -> dict[str, int]:
    """Journal to the last of its records that is known to be synced."""
    return {name: read_durable(folder(data) / name) for name in names(data)}


def retired(data: Path) -> dict[str, int]:
    """Journal to the last of its records that are in segments only."""
    return {name: read_retired(folder(data) / name) for name in names(data)}


def retire(place: Path, paths: Sequence[Path], last: int, files: Files = OS_FILES) -> None:
    """Remove closed files, the first ones of the journal, after everything in them was sealed, synced and read back.

    last: number of the last record in them. The files are removed durably before this returns.
    """
    if last > read_retired(place):
        files.replace(place / "retired", str(last).encode())
    for path in paths:
        files.unlink(path)
    files.sync_folder(place)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records on their way to the disk: encoded chunks, their size in bytes, the number of the last record.

    spooled: bytes of the spool files that they name.
    """

    chunks: list[bytes | memoryview]
    size: int
    last: int
    spooled: int = 0


class Journal:
    """The writing end of one journal. One owner; append and flush never at the same time."""

    def __init__(self, place: Path, lease: Lease, files: Files, file_size: int = FILE_SIZE) -> None:
        self.place = place
        self.name = place.name
        self.number = 0  # of the last record appended
        self.durable = 0
        self.ended = False
        self.last_write = 0
        self._lease = lease
        self._files = files
        self._file_size = file_size
        self._file: File | None = None
        self._offset = 0
        self._pending: list[bytes | memoryview] = []
        self._pending_size = 0
        self._pending_spooled = 0
        self._spooled = 0  # bytes of spool files that the records of the current file name
        self._seed = secrets.randbits(32)
        path = place / "durable"
        self._durable_file = files.open(path, create=not path.exists())

    @classmethod
    def take(cls, data: Path, *, files: Files = OS_FILES, now: int, file_size: int = FILE_SIZE) -> Journal:
        """Take the first journal that is not held, else create one. now: ms since 1970."""
        top = folder(data)
        known = names(data)
        for name in known:
            try:
                return cls._open(top / name, files, file_size)
            except (LeaseHeld, DamagedFile):  # damaged: `verify` names it; new mail is written elsewhere meanwhile
                continue
        number = int(known[-1], 16) + 1 if known else 1
        while True:
            place = top / f"{number:04x}"
            try:
                return cls._open(place, files, file_size)
            except LeaseHeld:  # another process made the same one at the same moment
                number += 1

    @classmethod
    def take_named(cls, data: Path, name: str, *, files: Files = OS_FILES, file_size: int = FILE_SIZE) -> Journal:
        """Take this journal or raise LeaseHeld: the way to recover one whose owner died."""
        return cls._open(folder(data) / name, files, file_size)

    @classmethod
    def _open(cls, place: Path, files: Files, file_size: int) -> Journal:
        files.make_folder(place / "spool", levels=2)
        lease = Lease.take(place / "lock")
        try:
            journal = cls(place, lease, files, file_size)
            try:
                journal._recover()
            except FileNotFoundError:  # the sealer removed a file since it was listed; it only removes what it has sealed
                journal._recover()
        except BaseException:
            lease.close()
            raise
        return journal

    # -- what a crash left -------------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Cut after the last whole record, sync, remove spool files that no record names, continue the numbers."""
        known = log_files(self.place)
        first, path = known[-1] if known else (1, self.place)
        self.number = first - 1
        lost_spans = lost_records.read(self.place)
        if known:
            self._cut(first, path, lost_spans)
        self.number = max(self.number, read_retired(self.place))  # every file was sealed: numbers continue behind the last one
        self.number = lost_records.behind(lost_spans, self.number)
        if self.number < (synced := read_durable(self.place)):  # numbers would be reused, and the loss would be invisible
            span = f"Records {self.number + 1} to {synced} of journal {self.name}"
            raise DamagedFile(f"{span} are gone, though they were synced: a file of it is missing, or `retired`.")
        self.durable = self.number
        if known := log_files(self.place):  # one seed for as long as there are files: a batch is encoded before its file is chosen
            self._seed = _seed_of(known[-1][1])
        self._write_durable()
        self._clear_spool()

    def _cut(self, first: int, path: Path, lost_spans: lost_records.Spans) -> None:
        end = 0
        with mapped(path) as m:
            size = len(m)
            header = frames.decode_file_header(m)
            if header is not None and header[1] == first:
                end = frames.FILE_HEADER_SIZE
                for frame in frames.walk(m, first=first):
                    end, self.number = frame.end, frame.number
                    del frame
            if self._damaged(m, end, lost_records.behind(lost_spans, self.number)):
                raise DamagedFile(f"Record {self.number + 1} of journal {self.name} is damaged at byte {end} of {path.name}.")
        if self.number < first:
            self._files.unlink(path)  # no record in it was ever durable
            return
        file = self._files.open(path)
        try:
            if end < size:
                file.truncate(end)
            file.sync()
        finally:
            file.close()

    def _damaged(self, m: bytes | mmap.mmap, end: int, number: int) -> bool:
        """Whether bytes behind the last whole record were once durable: then cutting them would lose mail."""
        durable = read_durable(self.place)
        while durable <= number and (later := frames.next_after_damage(m, end - 1, number + 1)) is not None:
            durable, end = later.durable, later.end
            del later
        return durable > number

    def _clear_spool(self) -> None:
        spool = self.place / "spool"
        left = {p.name for p in spool.iterdir()} if spool.is_dir() else set()
        if not left:
            return
        for first, path in log_files(self.place):
            with mapped(path) as m:
                end = frames.FILE_HEADER_SIZE
                for frame in frames.walk(m, check=False, first=first):
                    if frame.spooled:
                        left.discard(frame.id.hex())
                    end = frame.end
                    del frame
                if end != len(m):  # damaged: later records may name any of them
                    return
        for name in left:
            self._files.unlink(spool / name)

    # -- appending ---------------------------------------------------------------------------------------------------------

    def spool_path(self, id_: bytes) -> Path:
        """The path of the spool file for the body of this capture if it is large."""
        return self.place / "spool" / id_.hex()

    def append(
        self,
        type_: int,
        id_: bytes,
        head: Head,
        body: bytes | memoryview = b"",
        *,
        sha256: bytes = frames.NO_SHA,
        spooled: int | None = None,
    ) -> tuple[int, bytes]:
        """Collect one record; head is called with (journal, number). Returns its number and its head. Nothing is written yet.

        spooled: bytes of the spool file that has the body in place of the frame.
        """
        if self.ended:
            raise JournalEnded(f"Journal {self.name} has ended after a failed write.")
        number = self.number + 1
        encoded = head(self.name, number)
        flags = 0 if spooled is None else frames.SPOOLED
        chunks = frames.encode(type_, flags, number, self.durable, id_=id_, sha256=sha256, head=encoded, body=body, seed=self._seed)
        self._pending += chunks
        self._pending_size += frames.size_of(len(encoded), len(body))
        self._pending_spooled += spooled or 0
        self.number = number
        return number, encoded

    @property
    def pending(self) -> int:
        """Bytes collected and not yet written, those of spool files included."""
        return self._pending_size + self._pending_spooled

    def batch(self) -> Batch:
        """Everything collected since the last batch. Call where append is called; write() may then run in another thread."""
        batch = Batch(self._pending, self._pending_size, self.number, self._pending_spooled)
        self._pending, self._pending_size, self._pending_spooled = [], 0, 0
        return batch

    def flush(self, now: int) -> int:
        """Write and sync the collected records; return the last durable number. After any error the journal has ended."""
        return self.write(self.batch(), now)

    def write(self, batch: Batch, now: int) -> int:
        """Write and sync one batch, in the order in which batches were taken."""
        if not batch.chunks:
            return self.durable
        if self.ended:
            raise JournalEnded(f"Journal {self.name} has ended after a failed write.")
        try:
            if max(self._offset + batch.size, self._spooled + batch.spooled) > self._file_size:  # large bodies fill a file too
                self.rotate()
            file = self._file or self._start_file(self.durable + 1, batch.size, now)
            end = file.write_at(self._offset, batch.chunks)
            file.sync()
        except OSError as error:
            self._end()
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull("The disk is full: the journal cannot be written.") from error
            raise JournalEnded(f"Journal {self.name} could not be written: {error.strerror}.") from error
        self._offset = end
        self._spooled += batch.spooled
        self.durable = batch.last
        self.last_write = now
        self._write_durable()
        return batch.last

    def _start_file(self, first: int, size: int, now: int) -> File:
        path = self.place / f"{first:016d}.log"
        file = self._files.open(path, create=True)
        try:
            file.preallocate(max(self._file_size, frames.FILE_HEADER_SIZE + size))
            self._offset = file.write_at(0, [frames.encode_file_header(self.name, first, now, self._seed)])
            self._files.sync_folder(self.place)  # the sync of the first records covers the header too
        except OSError:
            file.close()
            self._files.unlink(path)
            raise
        self._file, self._spooled = file, 0
        return file

    def rotate(self) -> None:
        """Close the current file at its length; the next flush starts another.

        The cut needs no sync: every record before it is durable, and a tail of zeros behind them is read like the end.
        """
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            file.truncate(self._offset)
        finally:
            file.close()

    def rotate_if_idle(self, now: int) -> bool:
        """Close the file when nothing was appended for five minutes, so that it can be sealed."""
        if self._file is None or self._pending or now - self.last_write < IDLE_MS:
            return False
        self.rotate()
        return True

    def _write_durable(self) -> None:
        self._durable_file.write_at(0, [_NUMBER.pack(self.durable)])

    def _end(self) -> None:
        """Discard the collected records: remove them from the file as far as the disk still works."""
        self.ended = True
        if self._file is not None:
            try:
                self._file.truncate(self._offset)
                self._file.sync()  # else a power cut could bring a record back whose spool file was discarded
            except OSError:
                self.ended = True
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Cut the file to its length and let the next process continue the numbers. Unflushed records are discarded."""
        try:
            if not self.ended:
                self.rotate()
        finally:
            if self._file is not None:
                self._file.close()
            self._durable_file.close()
            self._lease.close()
