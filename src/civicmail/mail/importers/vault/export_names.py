"""Recognize the files of a Vault export by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["metadata", "counts", "errors", "checksums", "other"]

_NAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("metadata", re.compile(r"(.+)-metadata\.(?:xml|csv)", re.IGNORECASE)),
    ("counts", re.compile(r"(.+)-results?-counts?\.csv", re.IGNORECASE)),
    ("errors", re.compile(r"(.+)-(?:errors?\.(?:xml|csv)|account-exceptions\.csv|incomplete-accounts\.csv)", re.IGNORECASE)),
    ("errors", re.compile(r"()errors?\.(?:xml|csv)", re.IGNORECASE)),
    ("checksums", re.compile(r"(.*?)[-. ]?(?:md5|sha1|sha256|sha512|(?:file[-_ ]?)?checksums?)(?:\.(?:txt|csv))?", re.IGNORECASE)),
    ("other", re.compile(r"(.+)-(?:drive-links|group-membership|failed-group-membership-lookups)\.csv", re.IGNORECASE)),
)
_ONLY_VAULT = re.compile(r".+-(?:result-counts|results-count|account-exceptions)\.csv", re.IGNORECASE)
_MAIL = re.compile(r".*\.(?:zip|mbox|pst|mbx)", re.IGNORECASE)


@dataclass(slots=True)
class Export:
    """The files of one export. name: what they begin with; folder: where they lie; whole: all mail of the folder is imported, so
    that what its metadata name has to be there."""

    name: str
    folder: str
    whole: bool
    files: dict[Kind, list[str]] = field(default_factory=dict)

    def of(self, kind: Kind) -> list[str]:
        return self.files.get(kind, [])

    def has(self, file: str) -> bool:
        """Whether a mail file belongs to this export by its name."""
        return file.startswith(f"{self.name}-") or Path(file).stem == self.name


def part(file: str) -> tuple[Kind, str] | None:
    """The kind of an export file by its name, and the export's name ("" if it is not in it)."""
    for kind, pattern in _NAMES:
        if match := pattern.fullmatch(file):
            return kind, match[1]
    return None


def below(folder: str, *, whole: bool = True) -> list[Export]:
    """The exports that lie in a folder and in the folders in it, in order. No link is followed."""
    exports: list[Export] = []
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        files: list[str] = []
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    files.append(entry.name)
                elif entry.is_dir(follow_symlinks=False) and entry.name not in {"cur", "new", "tmp"}:
                    waiting.append(entry.path)
        exports += _in(place, sorted(files), whole=whole)
    return exports


def beside(path: str) -> list[Export]:
    """The export that one named file is of: a file of mail, or one of the metadata."""
    folder, name = os.path.split(path)
    exports = _in(folder, sorted(_files(folder)), whole=False)
    named = part(name)
    fitting = [export for export in exports if export.has(name) or (named is not None and named[1] == export.name)]
    return sorted(fitting, key=lambda export: -len(export.name))[:1]


def mail_of(export: Export) -> list[Path]:
    """The mail files beside the metadata of an export."""
    return [Path(export.folder, name) for name in sorted(_files(export.folder)) if _MAIL.fullmatch(name) and export.has(name)]


def _files(folder: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from (entry.name for entry in entries if entry.is_file(follow_symlinks=False))


def _in(folder: str, files: Iterable[str], *, whole: bool) -> list[Export]:
    parts = [(file, *known) for file in files if (known := part(file)) is not None]
    names = {name for file, kind, name in parts if kind == "metadata" or _ONLY_VAULT.fullmatch(file)}
    exports = {name: Export(name, folder, whole) for name in sorted(names)}
    for file, kind, name in parts if exports else ():
        export = exports.get(name) or (next(iter(exports.values())) if kind in {"errors", "checksums"} else None)
        if export is not None:
            export.files.setdefault(kind, []).append(f"{folder}/{file}")
    return list(exports.values())
