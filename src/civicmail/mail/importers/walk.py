"""Yield the messages below a path: single files, Maildirs, mbox and Outlook files, archives and folders, in a fixed order.

A folder with cur/ and new/ is a Maildir: both are one folder; tmp/ holds what was never delivered.
Every other file is classified (file_kind.py); files without mail are skipped and named, with the reason.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from civicmail.core.archives.budget import Budget
from civicmail.core.message.tnef import SIGNATURE as TNEF
from civicmail.mail.archive.records import Basis
from civicmail.mail.importers import archives, file_kind, gmail_labels, mbox
from civicmail.mail.importers.outlook_items import NO_ITEM, OutlookItems

_READ_AT_ONCE = 1 << 16
LINK = "it is a link, and links are not followed: name what it leads to, if that is meant"
_NUMBERS = re.compile(r"(\d+)")
_QUIET = frozenset({"dovecot-uidlist", "dovecot-keywords", "maildirfolder", "maildirsize", "subscriptions", "msgid.sqlite"})


class SourceMessage(NamedTuple):
    """One message. folder: relative to the path that was named; name: for people; at: mailbox or From_ line time, ms.

    sender: the envelope sender of a From_ line; kind: the kind of its mbox, else ""; built: kind of the file of the item that the
    bytes were built from, else ""; properties: of that item; labels, flags: besides its folder; mark: start of its From_ line;
    account: its custodian by the metadata of an export; unnamed: those metadata do not name it.
    """

    folder: str
    name: str
    content: bytes
    at: int | None
    basis: Basis
    sender: str = ""
    kind: str = ""
    built: str = ""
    properties: dict[str, Any] | None = None
    labels: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    mark: str = ""
    account: str = ""
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or item without a message. failed: it should contain one, and could not be read; else it is not mail. note: nothing is
    missing, but people must see it."""

    name: str
    why: str
    failed: bool
    note: bool = False


Item = SourceMessage | Skipped


def walk(path: Path) -> Iterator[Item]:
    """Yield everything below a path; the path itself may be a file or a link.
    No other link is followed: a folder may belong to anybody, and its links could lead to files that only we may read.
    Folder names have no surrogates."""
    path = path.resolve() if path.is_symlink() else path
    with closing(OutlookItems()) as items:
        if path.is_dir():
            yield from _folder(str(path), "", items)
        else:
            yield from read_file(File(str(path), "", items, named=True))


def _folder(place: str, folder: str, items: OutlookItems) -> Iterator[Item]:
    """The files of a folder, then the folders in it; without recursion, so that no depth is too deep."""
    waiting = [(place, folder)]
    while waiting:
        place, folder = waiting.pop()
        try:
            with os.scandir(place) as entries:
                children = sorted(entries, key=lambda e: _natural(e.name))
        except OSError as error:
            yield Skipped(text_of(place), f"it cannot be opened: {error.strerror}", failed=True)
            continue
        folders = [e for e in children if e.is_dir(follow_symlinks=False)]
        names = {e.name for e in folders}
        if {"cur", "new"} <= names:
            for sub in ("cur", "new"):
                yield from _maildir(f"{place}/{sub}", folder)
            folders = [e for e in folders if e.name not in {"cur", "new", "tmp"}]
        for entry in children:
            if not entry.is_dir(follow_symlinks=False) and not _is_quiet(entry.name):
                yield from read_file(File(entry.path, folder, items))
        waiting += [(e.path, f"{folder}/{text_of(e.name)}".lstrip("/")) for e in reversed(folders)]


def _maildir(place: str, folder: str) -> Iterator[Item]:
    """Every file of cur/ or new/, each a message whatever its bytes are."""
    try:
        names = sorted(os.listdir(place), key=_natural)  # noqa: PTH208 - names only, twenty thousand at a time
    except OSError as error:
        yield Skipped(text_of(place), f"it cannot be opened: {error.strerror}", failed=True)
        return
    for name in names:
        path = f"{place}/{name}"
        if name.startswith("."):
            continue
        try:
            with _reading(path) as source:
                content, modified, _ = _read(source)
        except OSError as error:
            yield _unread(path, error)
            continue
        if content:
            yield SourceMessage(folder, path, content, modified, "mailbox")
        else:
            yield Skipped(text_of(path), "it is empty", failed=False)


@dataclass(frozen=True, slots=True)
class File:
    """One file: a message, an mbox, a container of messages, or something else.

    named: a person named this very file. member: its name inside the archive that it was unpacked from, prefixed by the archive's
    own name, and at its time there; budget: what that archive may still unpack to; depth: archives around it.
    """

    path: str
    folder: str
    items: OutlookItems
    named: bool = False
    member: str = ""
    at: int | None = None
    budget: Budget | None = None
    depth: int = 0

    @property
    def name(self) -> str:
        return self.member or self.path

    @property
    def inner(self) -> str:
        """The folder of the items in this file."""
        name = text_of(self.name.rpartition("/")[2])
        return name if self.named else f"{self.folder}/{name}".lstrip("/")


def read_file(file: File) -> Iterator[Item]:
    """The items of a file."""
    try:
        with _reading(file.path) as source:
            yield from _contents(file, source)
    except OSError as error:
        yield _unread(file.name, error)


def _contents(file: File, source: int) -> Iterator[Item]:
    """source: descriptor of the file.
    Readers that need a path open the same file through it, whatever its name refers to meanwhile."""
    content, modified, whole = _read(source, may_hold=True)
    kind = file_kind.classify(file.name.rpartition("/")[2], content[: file_kind.HEAD_BYTES], named=file.named)
    same = f"/proc/self/fd/{source}"
    if kind.is_ == "message":
        at = modified if not file.member else file.at
        yield SourceMessage(file.folder, file.name, content if whole else _read(source)[0], at, "mailbox")
    elif kind.is_ == "mbox":
        yield from _mbox(file, same)
    elif kind.is_ == "store":
        yield from _store(file, same)
    elif kind.is_ == "item":
        yield _item(file, content if whole else _read(source)[0], modified)
    elif kind.is_ == "archive":
        yield from _archive(file, same)
    else:
        yield Skipped(text_of(file.name), kind.why, failed=file.named or kind.mail)


def _mbox(file: File, source: str) -> Iterator[Item]:
    with open(source, "rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        kind = mbox.kind_of(m)
        for place in mbox.places(m, kind):
            line = m[place.line : place.start]
            sender, at = mbox.envelope_of(line)
            name = f"{file.name} at byte {place.line}"
            if place.end > place.start:
                content = mbox.content(m, place, kind)
                labels, flags = gmail_labels.labels(content)
                mark = mbox.mark_of(line)
                yield SourceMessage(file.inner, name, content, at, "mbox", sender, kind, labels=labels, flags=flags, mark=mark)
            else:
                yield Skipped(text_of(name), "it is empty", failed=False)


def _store(file: File, source: str) -> Iterator[Item]:
    """The items of an Outlook data file."""
    count = 0
    for stored in file.items.store(source):
        count += 1
        name = text_of(file.name) if stored.index < 0 else f"{text_of(file.name)} item {stored.index} in {stored.folder or '/'}"
        if isinstance(stored.built, str):
            yield Skipped(name, stored.built, failed=True)
        else:
            built, folder = stored.built, f"{file.inner}/{stored.folder}".rstrip("/")
            yield SourceMessage(folder, name, built.content, built.at, "mailbox", built="pst", properties=built.properties)
    if not count:
        yield Skipped(text_of(file.name), "it holds no items", failed=False)


def _item(file: File, content: bytes, modified: int) -> Item:
    """The item of a MSG or TNEF file. A document in the same container is no mail, unless it was named or has a mail suffix."""
    built = file.items.file(content)
    if isinstance(built, str):
        foreign = built == NO_ITEM and not file.name.lower().endswith(file_kind.ITEM_SUFFIX)
        return Skipped(text_of(file.name), built, failed=file.named or not foreign)
    at = built.at if built.at is not None else file.at if file.member else modified
    kind = "tnef" if content.startswith(TNEF) else "msg"
    return SourceMessage(file.folder, text_of(file.name), built.content, at, "mailbox", built=kind, properties=built.properties)


def _archive(file: File, source: str) -> Iterator[Item]:
    """The members of an archive, each like a file in a folder with the archive's name."""
    if file.depth >= archives.MAX_DEPTH:
        yield Skipped(text_of(file.name), archives.TOO_DEEP, failed=True)
        return
    budget = file.budget or archives.budget_of(os.path.getsize(source))  # noqa: PTH202 - beside open()
    count = 0
    for member in archives.members(source, file.name.rpartition("/")[2], budget):
        name = f"{file.name}!/{member.name}" if member.name else file.name
        if isinstance(member, archives.Unread):
            count += 1
            yield Skipped(text_of(name), member.why, failed=True)
            continue
        folders = [part for part in text_of(member.name).split("/")[:-1] if part not in {"", ".", ".."}]
        if _is_quiet(member.name.rpartition("/")[2]) or "__MACOSX" in folders:
            continue
        if folders and folders[-1] in {"cur", "new"}:
            folders.pop()  # a Maildir that was packed
        count += 1
        folder = "/".join([file.inner, *folders])
        yield from read_file(File(member.path, folder, file.items, member=name, at=member.at, budget=budget, depth=file.depth + 1))
    if not count:
        yield Skipped(text_of(file.name), "it holds no files", failed=False)


class _NoFile(OSError):
    """The name belongs to a device, a pipe or a socket."""


@contextmanager
def _reading(path: str) -> Iterator[int]:
    """A descriptor of a regular file. Raises OSError for anything else, also for a link."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _NoFile
        yield fd
    finally:
        os.close(fd)


def _unread(name: str, error: OSError) -> Skipped:
    if isinstance(error, _NoFile):
        return Skipped(text_of(name), "it is no regular file", failed=False)
    why = LINK if error.errno == errno.ELOOP else f"it cannot be read: {error.strerror}"
    return Skipped(text_of(name), why, failed=True)


def _read(fd: int, *, may_hold: bool = False) -> tuple[bytes, int, bool]:
    """(content, time of last change in ms, whether that is all). may_hold: of a file that may hold many messages, and be larger
    than memory then, the beginning is enough."""
    os.lseek(fd, 0, os.SEEK_SET)
    status = os.fstat(fd)
    content = os.read(fd, min(status.st_size + 1, _READ_AT_ONCE + 1))
    whole = len(content) >= status.st_size or not (may_hold and file_kind.may_hold(content))
    if whole and len(content) < status.st_size:
        chunks = [content]
        while chunk := os.read(fd, 1 << 24):
            chunks.append(chunk)
        content = b"".join(chunks)
    return content, status.st_mtime_ns // 1_000_000, whole


def text_of(name: str) -> str:
    """A file name as text that UTF-8 can hold: bytes that are none are written \\xNN."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name


def _natural(name: str) -> tuple[str, str]:
    """9 before 10: folders of numbered files are in order of time then, which makes the index faster. A longer number is the larger
    one, so each has its length before it."""
    parts = _NUMBERS.split(name)
    parts[1::2] = [chr(len(digits := n.lstrip("0"))) + digits for n in parts[1::2]]
    return "\0".join(parts), name


def _is_quiet(name: str) -> bool:
    """Files that mail programs keep beside mail, which are not reported."""
    return name.startswith((".", "dovecot.")) or name.lower() in _QUIET
