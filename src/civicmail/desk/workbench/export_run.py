"""Make an export piece by piece, resumable after a restart: search, read through the gate, write, mark.

    <folder>/export.zip, export.zip.parts    as in growing_zip.py
    <folder>/messages.jsonl, heads.jsonl     the lists while they grow
    <folder>/mark.json                       where to resume: {"of": SHA-256 of the request, "after": id of the
                                             last message, "found", and what Export.mark() returns}

All files have mode 0600. The mark is written after everything that it names is durable.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from civicmail.city.guard.mandates import MATCH_NOTHING
from civicmail.core.disk.files import OS_FILES
from civicmail.core.query.tree import And, Range, Tree
from civicmail.desk.workbench import batch_read
from civicmail.desk.workbench.batch_read import Read
from civicmail.desk.workbench.export import HEADS, MESSAGES, PROOFS, SUMS, About, Export
from civicmail.desk.workbench.export_target import Zip
from civicmail.desk.workbench.growing_zip import parts_path
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.counts import count, counts
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, search

PAGE = 500
FILE = "export.zip"
_MARK = "mark.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an export. found: number of hits; done and failed add up to it in the end; whole: the file is complete."""

    found: int
    done: int
    failed: int
    whole: bool


class Running:
    """One export in its folder, resumed at its mark. tree: already within the mandate; read: its gate; left_out: what is counted
    as privileged, and is not in the file (E7)."""

    def __init__(
        self,
        folder: Path,
        archive: Archive,
        reader: Reader,
        tree: Tree,
        read: Read,
        about: About,
        *,
        left_out: Tree = MATCH_NOTHING,
    ) -> None:
        data = folder.parents[1]
        self._of = sha256(repr(tree).encode()).hexdigest()
        mark = _read_mark(folder)
        if mark is None or mark.get("of") != self._of:  # of a mandate that was narrowed meanwhile nothing is kept
            mark = None
            remove(folder)
        OS_FILES.make_folder(folder, levels=0)
        self._folder = folder
        self._archive = archive
        self._reader = reader
        self._tree = And((tree, Range("received", None, about.at)))  # what came later is not of this export
        self._left_out = And((left_out, Range("received", None, about.at)))
        self._read = read
        self._after, self._total = "", 0
        self._export = Export(data, Zip(folder / FILE, folder, about.at), about)
        if mark is None:
            self._total = count(self._reader, self._tree)
            self._note()
        else:
            self._after, self._total = mark["after"], mark["found"]
            self._export.resume(mark)
        self._groups = batch_read.in_groups(self._hits())

    def _hits(self) -> Iterator[Hit]:
        cursor = ""
        while True:
            page = search(self._reader, self._tree, limit=PAGE, sort="oldest", cursor=cursor)
            yield from (hit for hit in page.hits if hit.id > self._after)
            if not (cursor := page.cursor):
                return

    @property
    def progress(self) -> Progress:
        return Progress(self._total, self._export.done, len(self._export.failed), bool(self._export.manifest))

    @property
    def manifest(self) -> str:
        """The SHA-256 of the manifest, once it is whole."""
        return self._export.manifest

    def step(self, seconds: float) -> bool:
        """Continue for about this long; True if nothing is left to read. Then call finish()."""
        until = time.monotonic() + seconds
        for some in self._groups:
            for hit, message in batch_read.read(self._archive, self._read, some):
                if isinstance(message, str):
                    self._export.fail(hit.id, message)
                else:
                    self._export.add(message)
                self._after = hit.id
            if time.monotonic() >= until:
                self._note()
                return False
        self._note()
        return True

    def finish(self) -> Progress:
        """Complete the file. Raises NotProvedYet."""
        counted = counts(self._reader, self._tree, archived=self._archive.count()).plain()
        coverage = {key: value for key, value in counted.items() if key not in ("count", "unique")}
        if privileged := count(self._reader, self._left_out):
            coverage["privileged"] = privileged
        self._export.finish(self._total, coverage)
        for name in (MESSAGES, HEADS, PROOFS, SUMS, _MARK):
            OS_FILES.unlink(self._folder / name)
        return self.progress

    def close(self) -> None:
        self._export.close()

    def _note(self) -> None:
        mark = {"of": self._of, "after": self._after, "found": self._total, **self._export.mark()}
        OS_FILES.replace(self._folder / _MARK, orjson.dumps(mark))


def _read_mark(folder: Path) -> dict[str, Any] | None:
    """Where to resume; None if there is no complete mark."""
    try:
        mark: dict[str, Any] = orjson.loads((folder / _MARK).read_bytes())
        sizes = dict(zip((FILE, parts_path(Path(FILE)).name), mark["parcel"], strict=True)) | mark["lists"]
        return mark if all((folder / name).stat().st_size >= size for name, size in sizes.items()) else None
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None


def remove(folder: Path) -> None:
    """Remove all files of an export; may be repeated."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            OS_FILES.unlink(path)
        folder.rmdir()
        OS_FILES.sync_folder(folder.parent)
