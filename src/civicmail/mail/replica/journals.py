"""Send journals, each as far as its owner has synced it, spool files before the records that name them.

A checkpoint record is held back until the copy has the ledger that it signs: else an installation that is made from the copy would
take its ledger for one that was set back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Positions
from civicmail.mail.archive.records import Type
from civicmail.mail.replica import contents, copy_folder
from civicmail.mail.replica.errors import Diverged
from civicmail.mail.replica.links import Link

CHUNK = 1 << 20
Holdings = dict[str, tuple[int, str]]
"""What the copy holds: path -> size and mark (copyfolder.held_files)."""


@dataclass(slots=True)
class _Place:
    """How much of one journal was sent. first: number that names the file; offset: bytes of it; number: of the last record.

    whole: the last number up to which the copy lacks nothing; less than `number` while a file was sealed before it was sent.
    """

    first: int = 0
    offset: int = 0
    number: int = 0
    whole: int = 0


class Journals:
    """Sends new records of every journal. held: the contents of the copy; raises Diverged if it has records that we lack."""

    def __init__(self, data: Path, link: Link, held: Holdings) -> None:
        self._data = data
        self._link = link
        self.copied = {path for path in held if path.startswith("journal/") and (contents.is_log(path) or contents.is_spool(path))}
        self.unsynced = False
        self._places: dict[str, _Place] = {}
        for name in journal.names(data):
            self._places[name] = self._meet(name, held)
        for path in held:
            if contents.is_log(path) and path.startswith("journal/") and path.split("/")[1] not in self._places:
                raise Diverged(f"The copy has {path}, a journal that is not here.")

    def positions(self) -> Positions:
        """{journal: last number that was sent}."""
        return {name: place.number for name, place in self._places.items()}

    def whole(self) -> Positions:
        """{journal: last number up to which the copy lacks nothing}, once what was sent is synced."""
        return {name: place.whole for name, place in self._places.items()}

    def gaps(self) -> set[str]:
        """Journals of which a file was sealed before it was sent: the next turn brings its segments."""
        return {name for name, place in self._places.items() if place.whole < place.number}

    def close_gaps(self, names: Iterable[str]) -> None:
        """Close these gaps: a turn that began after they were seen has been taken."""
        for name in names:
            self._places[name].whole = self._places[name].number

    def send(self, durable: Positions, ledger: int) -> list[int]:
        """Send what is durable; returns the sizes of checkpoints that wait for a ledger larger than `ledger` entries."""
        waiting = []
        for name, last in durable.items():
            place = self._places.setdefault(name, _Place())
            while place.number < last:
                size = self._send_some(name, place, last, ledger)
                if size is not None:
                    if size:
                        waiting.append(size)
                    break
        return waiting

    # -- one journal

    def _meet(self, name: str, held: Holdings) -> _Place:
        """Find out how far the copy has this journal."""
        top = journal.folder(self._data) / name
        held_logs = sorted(p for p in held if p.startswith(f"journal/{name}/") and contents.is_log(p))
        here = journal.log_files(top)
        if not held_logs:  # nothing of it was sent, or it was all sealed
            return _Place() if not here or here[0][0] == 1 else self._behind_gap(here[0][0])
        newest = self._data / held_logs[-1]
        size, mark = held[held_logs[-1]]
        if not newest.exists():
            if here and int(newest.stem) > here[-1][0]:
                raise Diverged(f"The copy has {held_logs[-1]}, which this installation has not reached yet.")
            return self._behind_gap(here[0][0]) if here else self._sealed(top)
        fd = os.open(newest, os.O_RDONLY | os.O_CLOEXEC)
        try:
            last = journal.read_durable(top)
            end, number, *_ = _walk(fd, 0, int(newest.stem) - 1, last, size, 1 << 62)
            if end != size or copy_folder.end_mark(fd, size) != mark:
                raise Diverged(f"{held_logs[-1]} of the copy is not the beginning of what this installation has under that name.")
        finally:
            os.close(fd)
        return _Place(int(newest.stem), size, number, number)

    def _behind_gap(self, first: int) -> _Place:
        return _Place(first, 0, first - 1, 0)

    def _sealed(self, top: Path) -> _Place:
        """Every file was sealed since the copy got its last one."""
        return _Place(0, 0, journal.read_retired(top), 0)

    def _send_some(self, name: str, place: _Place, last: int, ledger: int) -> int | None:
        """Send a chunk. Returns None to continue, 0 when nothing more can be sent now, or the checkpoint that must wait."""
        path = journal.folder(self._data) / name / f"{place.first:016d}.log"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return self._next_file(name, place)
        try:
            end, number, spooled, checkpoint = _walk(fd, place.offset, place.number, last, place.offset + CHUNK, ledger)
            if number == place.number:
                return checkpoint or self._next_file(name, place)
            for id_ in spooled:
                self._send_spool(name, id_)
            for at in range(place.offset, end, CHUNK):
                body = os.pread(fd, min(CHUNK, end - at), at)
                if len(body) != min(CHUNK, end - at):
                    raise DamagedFile(f"{path.name} of journal {name} is shorter than its records.")
                self._link.send({"do": "append", "path": path.relative_to(self._data).as_posix(), "at": at}, body)
        except FileNotFoundError:  # a spool file that was sealed meanwhile: its journal file was removed too
            return self._next_file(name, place)
        finally:
            os.close(fd)
        self.copied.add(path.relative_to(self._data).as_posix())
        self.unsynced = True
        if place.whole == place.number:
            place.whole = number
        place.offset, place.number = end, number
        return None

    def _next_file(self, name: str, place: _Place) -> int | None:
        top = journal.folder(self._data) / name
        retired = journal.read_retired(top)  # before its files are listed: what is not among them by then was sealed
        following = [first for first, _ in journal.log_files(top) if first > place.first]
        if not following:
            if retired <= place.number:
                return 0
            place.first, place.offset, place.number = 0, 0, retired  # all of it was sealed before it was sent
            return None
        if following[0] == place.number + 1:
            place.first, place.offset = following[0], 0
        else:
            place.first, place.offset, place.number = following[0], 0, following[0] - 1
        return None

    def _send_spool(self, name: str, id_: str) -> None:
        path = f"journal/{name}/spool/{id_}"
        if path not in self.copied:
            for _ in send_file(self._link, self._data, path):
                pass
            self._link.send({"do": "place", "path": path})
            self.copied.add(path)


def send_file(link: Link, data: Path, path: str) -> Iterator[contents.Stamp]:
    """Put a whole file, a chunk at a time; yields what the file is."""
    with (data / path).open("rb") as h:
        stamp = contents.stamp_of(os.fstat(h.fileno()))
        at = 0
        while True:
            body = h.read(CHUNK)
            end = at + len(body) >= stamp[0]
            if not body and not end:
                raise DamagedFile(f"{path} became shorter while it was sent to the standby.")
            link.send({"do": "put", "path": path, "at": at, **({"end": 1} if end else {})}, body)
            at += len(body)
            yield stamp
            if end:
                return


def _walk(fd: int, offset: int, number: int, last: int, until: int, ledger: int) -> tuple[int, int, list[str], int]:
    """(end, number, spool files named, checkpoint) of the records from offset up to `last` that begin before `until`. checkpoint:
    size of the one that stopped the walk, else 0. Raises DamagedFile."""
    spooled: list[str] = []
    offset = max(offset, frames.FILE_HEADER_SIZE)
    while number < last and offset < until:
        fixed = os.pread(fd, frames.FIXED.size, offset)
        if len(fixed) < frames.FIXED.size:
            break
        magic, kind, flags, _, head, _, body, frame_number, _, id_, _ = frames.FIXED.unpack(fixed)
        if magic != frames.MAGIC:
            if not any(fixed):
                break  # end of this file: the next one follows
            raise DamagedFile(f"Record {number + 1} is damaged; it cannot be sent to the standby.")
        if frame_number != number + 1:
            raise DamagedFile(f"Record {number + 1} is not where it should be; it cannot be sent to the standby.")
        if kind == Type.CHECKPOINT and (size := _checkpoint(os.pread(fd, head, offset + frames.FIXED.size))) > ledger:
            return offset, number, spooled, size
        if flags & frames.SPOOLED:
            spooled.append(id_.hex())
        offset, number = offset + frames.size_of(head, body), frame_number
    return offset, number, spooled, 0


def _checkpoint(head: bytes) -> int:
    """The size that a checkpoint record names; 0 where it names none."""
    try:
        facts: dict[str, Any] = orjson.loads(head)["facts"]
        return int(facts["size"])
    except (ValueError, KeyError, TypeError):
        return 0
