"""A file port that really writes, and remembers every operation, so that a power cut can be played between any two of them.

Model of the disk (stricter than ext4): content operations of a file are durable after a sync of that file; entries of a folder
(creation, rename, removal) after a sync of that folder. What is not durable may be there or not, a write also in part.
"""

from __future__ import annotations

import functools
import os
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.core.disk import files as port

Site = tuple[str, str, int]  # module, function, line of the call that reached the port
SyncSite = tuple[str, str, int, str]  # and what it syncs: "file" or "folder"


@dataclass
class Inode:
    """One file's content as operations; synced counts those that are durable."""

    ops: list[tuple[str, int, bytes]] = field(default_factory=list)
    synced: int = 0


def caller() -> Site:
    """The call outside the port that asked for an operation."""
    frame = sys._getframe(2)
    while frame.f_globals["__name__"] == port.__name__ or frame.f_globals["__name__"].startswith("faults."):
        assert frame.f_back is not None
        frame = frame.f_back
    return frame.f_globals["__name__"], frame.f_code.co_name, frame.f_lineno


@dataclass
class Op:
    """One operation in order. kind: write, truncate, allocate, sync, enter, leave, rename, mkdir, folder."""

    kind: str
    path: str
    inode: int = -1
    offset: int = 0
    data: bytes = b""
    other: str = ""


def whole[**P, T](operation: Callable[P, T]) -> Callable[P, T]:
    """An operation and its record are one: a process cannot die in between, in whichever thread."""

    @functools.wraps(operation)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        owner = getattr(args[0], "owner", args[0])
        assert isinstance(owner, RecordingFiles)
        with owner.lock:
            if owner.dead:
                raise Died
            return operation(*args, **kwargs)

    return done


RESERVED_MOST = 1 << 18  # of a reservation: more zeros behind the records would only cost time


class Died(BaseException):
    """The process of this step was killed: it says nothing more and tidies nothing."""


class RecordingFile(port.File):
    def __init__(self, path: Path, fd: int, owner: RecordingFiles, inode: int) -> None:
        super().__init__(path, fd)
        self.owner = owner
        self.inode = inode

    @whole
    def write_at(self, offset: int, chunks: Any) -> int:
        self.owner.note(Op("write", str(self.path), self.inode, offset, b"".join(bytes(c) for c in chunks)))
        return super().write_at(offset, chunks)

    @whole
    def preallocate(self, size: int) -> None:
        size = min(size, RESERVED_MOST)
        self.owner.note(Op("allocate", str(self.path), self.inode, size))
        super().truncate(max(size, os.fstat(self.fd).st_size))

    @whole
    def truncate(self, size: int) -> None:
        self.owner.note(Op("truncate", str(self.path), self.inode, size))
        super().truncate(size)

    @whole
    def sync(self) -> None:
        if self.owner.wants((*caller(), "file")):
            self.owner.note(Op("sync", str(self.path), self.inode))


class RecordingFiles(port.Files):
    """disabled: a sync site that does nothing in this run. Sites are collected from the calls, never listed by hand.

    dies: (site, n) where the process of the moment is killed instead of the n-th sync there.
    """

    def __init__(self, disabled: SyncSite | None = None, dies: tuple[SyncSite, int] | None = None) -> None:
        super().__init__()
        self.dies = dies
        self.dead = False
        self.lock = threading.RLock()
        self.ops: list[Op] = []
        self.sites: dict[SyncSite, int] = {}
        self.disabled = disabled
        self.skipped: list[int] = []  # operations at which the disabled sync would have been
        self._inodes: dict[str, int] = {}
        self._next = 0

    def note(self, op: Op) -> None:
        self.ops.append(op)

    def next_process(self) -> None:
        """The one that died is buried; another one begins and knows nothing."""
        self.dead = False
        self._durable.clear()

    def wants(self, site: SyncSite) -> bool:
        self.sites[site] = self.sites.get(site, 0) + 1
        if self.dies == (site, self.sites[site]):
            self.dead = True
            raise Died
        if site == self.disabled:
            self.skipped.append(len(self.ops))
            return False
        return True

    @whole
    def open(self, path: Path, *, create: bool = False) -> port.File:
        opened = super().open(path, create=create)
        if create:
            self._inodes[str(path)] = self._next
            self._next += 1
            self.note(Op("enter", str(path), self._inodes[str(path)]))
        file = RecordingFile(path, opened.fd, self, self._inode(path))
        opened.fd = -1
        return file

    def _inode(self, path: Path) -> int:
        """The inode of a file; one that was there before the recording began is as durable as it is."""
        if str(path) not in self._inodes:
            self._inodes[str(path)] = self._next
            self._next += 1
            self.note(Op("enter", str(path), self._inodes[str(path)]))
            self.note(Op("write", str(path), self._inodes[str(path)], 0, path.read_bytes()))
            self.note(Op("sync", str(path), self._inodes[str(path)]))
            self.note(Op("folder", str(path.parent)))
        return self._inodes[str(path)]

    @whole
    def rename(self, old: Path, new: Path) -> None:
        self._inode(old)
        super().rename(old, new)
        self._inodes[str(new)] = self._inodes.pop(str(old))
        self.note(Op("rename", str(old), self._inodes[str(new)], other=str(new)))

    @whole
    def link(self, old: Path, new: Path) -> None:
        super().link(old, new)
        self._inodes[str(new)] = self._inode(old)
        self.note(Op("enter", str(new), self._inodes[str(new)]))

    @whole
    def unlink(self, path: Path) -> None:
        existed = path.exists()
        if existed:
            self._inode(path)
        super().unlink(path)
        if existed:
            self._inodes.pop(str(path), None)
            self.note(Op("leave", str(path)))

    @whole
    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            super()._make(folder)
            self.note(Op("mkdir", str(folder)))

    @whole
    def sync_folder(self, path: Path) -> None:
        if self.wants((*caller(), "folder")):
            self.note(Op("folder", str(path)))


def power_cut(ops: list[Op], until: int, top: Path, into: Path, chance: random.Random) -> None:
    """Make the disk that a power cut before operation `until` could leave: durable state plus some of what was not.

    top: where the operations happened; into: a copy of that folder as it was before them, which becomes the disk.
    """
    inodes: dict[int, Inode] = {}
    entries: list[tuple[Op, bool]] = []  # folder operations in order, durable or not
    for op in ops[:until]:
        if op.kind in {"write", "truncate", "allocate"}:
            inodes.setdefault(op.inode, Inode()).ops.append((op.kind, op.offset, op.data))
        elif op.kind == "sync":
            inode = inodes.setdefault(op.inode, Inode())
            inode.synced = len(inode.ops)
        elif op.kind == "folder":
            entries = [(e, durable or _folder_of(e) == op.path) for e, durable in entries]
        else:
            entries.append((op, False))
    keep = chance.random()
    names: dict[str, int] = {}
    folders: list[str] = []
    for op, durable in entries:
        if durable or chance.random() < keep:
            _enter(op, names, folders)
    for folder in sorted(folders):
        place = into / Path(folder).relative_to(top)
        if place.parent.is_dir():  # an entry that was lost takes everything below it along
            place.mkdir(exist_ok=True)
    for name in {op.path for op, _ in entries} - names.keys():
        if (gone := into / Path(name).relative_to(top)).is_file():
            gone.unlink()
    for name, number in names.items():
        place = into / Path(name).relative_to(top)
        if place.parent.is_dir():
            place.write_bytes(_content(inodes.get(number, Inode()), chance))


def _folder_of(op: Op) -> str:
    return str(Path(op.other or op.path).parent)


def _enter(op: Op, names: dict[str, int], folders: list[str]) -> None:
    if op.kind == "enter":
        names[op.path] = op.inode
    elif op.kind == "mkdir":
        folders.append(op.path)
    elif op.kind == "rename":
        names.pop(op.path, None)
        names[op.other] = op.inode
    elif op.kind == "leave":
        names.pop(op.path, None)


def _content(inode: Inode, chance: random.Random) -> bytes:
    content = bytearray()
    keep = chance.random()
    for at, (kind, offset, data) in enumerate(inode.ops):
        if at >= inode.synced:
            if chance.random() >= keep:
                continue
            if kind == "write" and chance.random() < 0.5:
                data = data[: chance.randrange(len(data) + 1)]
        if kind == "write":
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        elif kind == "truncate":
            del content[offset:]
            content.extend(bytes(max(0, offset - len(content))))
        else:
            content.extend(bytes(max(0, offset - len(content))))
    return bytes(content)
