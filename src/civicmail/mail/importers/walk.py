"""From a path to the messages below it: single files, Maildirs, mbox files, and folders of all of them, in a fixed order.

A folder with cur/ and new/ is a Maildir: both are its one folder, tmp/ holds what was never delivered. Every other file is looked
at (sniff.py); what is no mail is left out and named, with the reason.
"""

from __future__ import annotations

import mmap
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from civicmail.mail.archive.records import Basis
from civicmail.mail.importers import mbox, sniff

_READ_AT_ONCE = 1 << 16
_NUMBERS = re.compile(r"(\d+)")
_QUIET = frozenset({"dovecot-uidlist", "dovecot-keywords", "maildirfolder", "maildirsize", "subscriptions", "msgid.sqlite"})


@dataclass(frozen=True, slots=True)
class Found:
    """One message. folder: where it lay, relative to the path that was named; name: for people; at: mailbox or From_ line time, ms.

    sender: the envelope sender of a From_ line; kind: which mbox it came from, else "".
    """

    folder: str
    name: str
    content: bytes
    at: int | None
    basis: Basis
    sender: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A file that gave no message. failed: it should have, and could not be read; else it is no mail."""

    name: str
    why: str
    failed: bool


Item = Found | Left


def walk(path: Path) -> Iterator[Item]:
    """Everything below a path; the path itself may be a file. Folder names have no surrogates, so they can be written down."""
    if path.is_dir():
        yield from _folder(str(path), "")
    else:
        yield from _file(str(path), "", named=True)


def _folder(place: str, folder: str) -> Iterator[Item]:
    """The files of a folder, then the folders in it; without recursion, so that no depth is too deep."""
    waiting = [(place, folder)]
    while waiting:
        place, folder = waiting.pop()
        try:
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda e: _natural(e.name))
        except OSError as error:
            yield Left(text_of(place), f"it cannot be opened: {error.strerror}", failed=True)
            continue
        folders = [e for e in found if e.is_dir(follow_symlinks=False)]
        names = {e.name for e in folders}
        if {"cur", "new"} <= names:
            for sub in ("cur", "new"):
                yield from _maildir(f"{place}/{sub}", folder)
            folders = [e for e in folders if e.name not in {"cur", "new", "tmp"}]
        for entry in found:
            if not entry.is_dir(follow_symlinks=False) and not _is_quiet(entry.name):
                yield from _file(entry.path, folder)
        waiting += [(e.path, f"{folder}/{text_of(e.name)}".lstrip("/")) for e in reversed(folders)]


def _maildir(place: str, folder: str) -> Iterator[Item]:
    """Every file of cur/ or new/ is a message, whatever its bytes are."""
    try:
        names = sorted(os.listdir(place), key=_natural)  # noqa: PTH208 - names only, twenty thousand at a time
    except OSError as error:
        yield Left(text_of(place), f"it cannot be opened: {error.strerror}", failed=True)
        return
    for name in names:
        path = f"{place}/{name}"
        if name.startswith("."):
            continue
        try:
            content, modified, _ = _read(path)
        except OSError as error:
            yield Left(text_of(path), f"it cannot be read: {error.strerror}", failed=True)
            continue
        if content:
            yield Found(folder, path, content, modified, "mailbox")
        else:
            yield Left(text_of(path), "it is empty", failed=False)


def _file(path: str, folder: str, *, named: bool = False) -> Iterator[Item]:
    """One file that lies somewhere: a message, an mbox, or something else. named: a person named the very file."""
    try:
        content, modified, whole = _read(path, may_be_mbox=True)
        name = path.rpartition("/")[2]
        look = sniff.look(name, content[: sniff.LOOK], named=named)
        if look.is_ == "message":
            yield Found(folder, path, content if whole else _read(path)[0], modified, "mailbox")
        elif look.is_ == "mbox":
            inner = text_of(name) if named else f"{folder}/{text_of(name)}".lstrip("/")
            yield from _mbox(path, inner)
        else:
            yield Left(text_of(path), look.why, failed=named)
    except OSError as error:
        yield Left(text_of(path), f"it cannot be read: {error.strerror}", failed=True)


def _mbox(path: str, folder: str) -> Iterator[Item]:
    with open(path, "rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as m:
        kind = mbox.kind_of(m)
        for place in mbox.places(m, kind):
            sender, at = mbox.envelope_of(m[place.line : place.start])
            name = f"{path} at byte {place.line}"
            if place.end > place.start:
                yield Found(folder, name, mbox.content(m, place, kind), at, "mbox", sender, kind)
            else:
                yield Left(text_of(name), "it is empty", failed=False)


def _read(path: str, *, may_be_mbox: bool = False) -> tuple[bytes, int, bool]:
    """(content, time of last change in ms, whether that is all). An mbox may be larger than memory: its beginning is enough."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return b"", 0, True
        content = os.read(fd, min(status.st_size + 1, _READ_AT_ONCE + 1))
        whole = len(content) >= status.st_size or not (may_be_mbox and content.startswith(b"From "))
        if whole and len(content) < status.st_size:
            chunks = [content]
            while chunk := os.read(fd, 1 << 24):
                chunks.append(chunk)
            content = b"".join(chunks)
        return content, status.st_mtime_ns // 1_000_000, whole
    finally:
        os.close(fd)


def text_of(name: str) -> str:
    """A file name as text that UTF-8 can hold: bytes that are none are written \\xNN."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return name


def _natural(name: str) -> list[str | int]:
    """9 before 10: folders of numbered files are in order of time then, which makes the index faster."""
    parts: list[str | int] = [*_NUMBERS.split(name)]
    parts[1::2] = [int(n) if len(n) < 400 else 0 for n in parts[1::2]]  # type: ignore[arg-type]
    parts.append(name)
    return parts


def _is_quiet(name: str) -> bool:
    """Files that mail programs keep beside mail and nobody wants to hear of."""
    return name.startswith((".", "dovecot.")) or name.lower() in _QUIET
