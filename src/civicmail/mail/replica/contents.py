"""The contents of a copy: everything in the data folder except derived files, locks and mailboxes.

Logs only grow: journal files, the entries of the ledger and the leaf lists are sent as far as they were synced. Every other file is
replaced as a whole by a rename, so its size, time and inode show whether it has changed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.guard.comparison_result import FILES as COMPARED
from civicmail.city.identity.database_backup import LIVE_FILES
from civicmail.mail.archive import seal_state

SMALL = 1 << 16
"""Bytes up to which a whole file is compared by its SHA-256 when the two places meet; larger ones never change."""

_LOG = re.compile(r"journal/[0-9a-f]{4,8}/\d{16}\.log|ledger/entries\.log|ledger/leaves/[0-9a-f]{4,8}\.bin")
_SPOOL = re.compile(r"journal/[0-9a-f]{4,8}/spool/[0-9a-f]{32}")
_NAME = re.compile(r"(?!\.)[^/\0]{1,200}")
_DERIVED = frozenset(
    {"catalogue", "index", "maildir", "exports", "leases", "standby", "static", "fenced", "heartbeats", "wakeups", "lost+found"}
    | {"statuses", *LIVE_FILES, *COMPARED}
)
_DERIVED_BELOW = re.compile(
    r"access/(alive|connected)|ledger/(entries\.idx|tree|wanted|leaves/.*\.idx)|journal/[0-9a-f]{4,8}/(lock|durable)|policy/answers"
    r"|screening/(?!taught$)[^/]*"
)
_RACY_NS = 2_000_000_000  # a folder that changed so short a time before it was listed is listed again

Stamp = tuple[int, int, int]
"""Size, time of change in ns, inode: of a whole file on the machine that has it."""


def is_log(path: str) -> bool:
    return _LOG.fullmatch(path) is not None


def is_spool(path: str) -> bool:
    return _SPOOL.fullmatch(path) is not None


def belongs(path: str) -> bool:
    """Whether a path below the data folder is part of a copy. A path that leads out of the folder never is."""
    parts = path.split("/")
    return all(map(_NAME.fullmatch, parts)) and parts[0] not in _DERIVED and not _DERIVED_BELOW.fullmatch(path)


@dataclass(slots=True)
class _Folder:
    """The contents of a folder when it was last listed. changed: its modification time then, ns; 0 when it must be listed again."""

    changed: int
    files: dict[str, Stamp]
    folders: list[str]


@dataclass(frozen=True, slots=True)
class Moment:
    """One consistent state: whole files with their stamps; logs: journal files that existed before the files were listed."""

    whole: dict[str, Stamp]
    logs: frozenset[str]


class Contents:
    """The files of a data folder; a folder that has not changed is not listed again."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._known: dict[str, _Folder] = {}

    def moment(self) -> Moment | None:
        """A consistent state between two steps of a seal or rewrite, or None if one happened meanwhile: try again soon. Results of
        an unfinished step are left out."""
        logs = frozenset(journal_files(self._data))
        first = self._whole()
        state = seal_state.read(self._data)
        if self._whole() != first or not logs <= frozenset(journal_files(self._data)):
            return None
        if state is not None and not state.committed:
            made = re.compile(rf"(segments|keys/segments)/(.*/)?{state.batch}[^/]*|segments/seal\.json")
            first = {p: s for p, s in first.items() if not made.fullmatch(p)}
        return Moment(first, logs)

    def _whole(self) -> dict[str, Stamp]:
        return {p: s for p, s in self._files("") if not is_log(p) and not is_spool(p)}

    def _files(self, folder: str) -> Iterator[tuple[str, Stamp]]:
        listed = self._list(folder)
        for name, stamp in listed.files.items():
            yield f"{folder}{name}", stamp
        for name in listed.folders:
            yield from self._files(f"{folder}{name}/")

    def _list(self, folder: str) -> _Folder:
        place = self._data / folder
        known = self._known.get(folder)
        try:
            changed = place.stat().st_mtime_ns
            if known is not None and known.changed == changed:
                return known
            files, folders = self._scan(place, folder)
        except FileNotFoundError:
            return _Folder(0, {}, [])
        newest = max(place.stat().st_ctime_ns, changed)
        listed = _Folder(changed if time.time_ns() - newest > _RACY_NS else 0, files, folders)
        self._known[folder] = listed
        return listed

    def _scan(self, place: Path, folder: str) -> tuple[dict[str, Stamp], list[str]]:
        files, folders = {}, []
        with os.scandir(place) as entries:
            for entry in entries:
                if not belongs(f"{folder}{entry.name}"):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    files[entry.name] = stamp_of(entry.stat(follow_symlinks=False))
        return files, sorted(folders)


def stamp_of(stat: os.stat_result) -> Stamp:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def journal_files(data: Path) -> list[str]:
    """Every journal file and spool file, as a path below the data folder."""
    paths = []
    for pattern in ("*/*.log", "*/spool/*"):
        paths += [p.relative_to(data).as_posix() for p in (data / "journal").glob(pattern)]
    return sorted(p for p in paths if is_log(p) or is_spool(p))
