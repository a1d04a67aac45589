"""The imported messages of a mailbox, stored durably in lines (docs/formats.md, "Positions of mailboxes").

A line is written only after the message is durable in the archive: a run that dies in between fetches it again, as a known one. A
partial last line is cut off, because its writer died.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files

VERSION = 1


class Row(NamedTuple):
    """A message that is archived. rank: among equal bytes in its folder, from 0 (mailbox.py)."""

    folder: str
    validity: str
    id: str
    sha256: bytes
    rank: int


class Positions:
    """The positions of one mailbox, open for adding. One owner: the import lease is held."""

    def __init__(self, data: Path, source: str, mailbox: str, files: Files = OS_FILES) -> None:
        name = hashlib.sha256(f"{source}\0{mailbox}".encode()).hexdigest()[:32]
        self._path = data / "mailboxes" / f"{name}.lines"
        self._rows: dict[tuple[str, str, str], Row] = {}
        self._ranks: dict[tuple[str, str, bytes], set[int]] = defaultdict(set)
        files.make_folder(self._path.parent)
        if not self._path.exists():
            first = orjson.dumps({"v": VERSION, "source": source, "mailbox": mailbox}, option=orjson.OPT_SORT_KEYS)
            files.write_once(self._path, first + b"\n")
        content = self._path.read_bytes()
        self._end = content.rfind(b"\n") + 1
        for number, line in enumerate(content[: self._end].splitlines()):
            self._read(number, line)
        self._file = files.open(self._path)
        self._file.truncate(self._end)

    def _read(self, number: int, line: bytes) -> None:
        try:
            plain = orjson.loads(line)
            if number:
                folder, validity, id_, sha256, rank = plain
                self._put(Row(folder, validity, id_, bytes.fromhex(sha256), int(rank)))
            elif plain["v"] != VERSION:
                raise ValueError(line)
        except (ValueError, TypeError, KeyError):
            raise DamagedFile(
                f"Line {number + 1} of {self._path} is damaged. Remove the file: everything is fetched again then."
            ) from None

    def _put(self, row: Row) -> None:
        self._rows[row[:3]] = row
        self._ranks[row.folder, row.validity, row.sha256].add(row.rank)

    def has(self, folder: str, validity: str, id_: str) -> Row | None:
        return self._rows.get((folder, validity, id_))

    def rank(self, places: Iterable[tuple[str, str]], sha256: bytes) -> int:
        """The lowest rank free in all of these folders (folder, validity), taken with this; an interrupted run may leave gaps."""
        taken = [self._ranks[folder, validity, sha256] for folder, validity in places]
        rank = 0
        while any(rank in ranks for ranks in taken):
            rank += 1
        for ranks in taken:
            ranks.add(rank)
        return rank

    def add(self, rows: list[Row]) -> None:
        """Durable on return."""
        if not rows:
            return
        lines = b"".join(orjson.dumps([r.folder, r.validity, r.id, r.sha256.hex(), r.rank]) + b"\n" for r in rows)
        self._end = self._file.write_at(self._end, [lines])
        self._file.sync()
        for row in rows:
            self._put(row)

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def close(self) -> None:
        self._file.close()
