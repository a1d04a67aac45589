"""Compound files (MS-CFB) with a bounded directory and indexed lookup.

The library searches all siblings for each stream, which takes minutes in a file with ten thousand of them.
"""

from __future__ import annotations

import struct
from io import BytesIO

import olefile

from civicmail.core.archives.errors import DAMAGED, TOO_MANY, Unreadable
from civicmail.core.filetype.containers import compound_type
from civicmail.core.filetype.types import FileType

MAX_ENTRIES = 20_000
"""Streams and storages of one file; an Outlook item has about ten for each recipient."""

MAX_DEPTH = 100
"""Storages inside one another; items inside items have a few."""


class _TooMany(Exception):
    """Entries of the directory."""


class Compound(olefile.OleFileIO):  # type: ignore[misc]
    """An OleFileIO with a limit on entries and an index of paths."""

    def _load_direntry(self, sid: int) -> object:
        self._entries = getattr(self, "_entries", 0) + 1
        if self._entries > MAX_ENTRIES:
            raise _TooMany
        return super()._load_direntry(sid)

    def _check_duplicate_stream(self, first_sect: int, minifat: bool = False) -> None:
        """Skip this check: two names for one content are harmless, and the library searches a list of all streams for each."""

    def listdir(self, streams: bool = True, storages: bool = False) -> list[list[str]]:
        return [list(path) for path, stream, _ in self._all() if (streams if stream else storages)]

    def _find(self, filename: str | list[str]) -> int:
        path = filename.split("/") if isinstance(filename, str) else filename
        index: dict[tuple[str, ...], int] | None = getattr(self, "_index", None)
        if index is None:
            index = {(): 0}
            self._index = index
            for names, _, sid in self._all():
                index.setdefault(tuple([name.lower() for name in names]), sid)
        try:
            return index[tuple([name.lower() for name in path])]
        except KeyError:
            raise OSError("There is no such stream.") from None

    def _all(self) -> list[tuple[tuple[str, ...], bool, int]]:
        """(path, whether it is a stream, number) of each entry, once: in a broken file a storage may contain itself."""
        entries: list[tuple[tuple[str, ...], bool, int]] | None = getattr(self, "_listed", None)
        if entries is None:
            entries = []
            self._listed = entries
            seen = {self.root.sid}
            waiting: list[tuple[tuple[str, ...], object]] = [((), self.root)]
            while waiting:
                above, entry = waiting.pop()
                for kid in entry.kids:  # type: ignore[attr-defined]
                    if kid.sid not in seen and len(above) < MAX_DEPTH:
                        seen.add(kid.sid)
                        path = (*above, kid.name)
                        entries.append((path, kid.entry_type == olefile.STGTY_STREAM, kid.sid))
                        waiting.append((path, kid))
        return entries


def opened(content: bytes) -> Compound:
    """Raises Unreadable."""
    try:
        return Compound(BytesIO(content))
    except _TooMany:
        raise Unreadable(TOO_MANY) from None
    except (OSError, struct.error, IndexError, ValueError, RecursionError, TypeError, AttributeError):
        raise Unreadable(DAMAGED) from None


def file_type(file: Compound) -> FileType:
    """The file type, by the streams in its root."""
    names = {path[0].lower() for path in file.listdir(streams=True, storages=True) if len(path) == 1}
    return compound_type(names, str(getattr(file.root, "clsid", "") or ""))
