"""Disposal manifests: the exact captures that one disposal may remove (P-23, promise 3).

A manifest is a file that is named by the SHA-256 of its bytes, so what was approved cannot be changed afterwards. It has no content
and no envelope. Its captures are written one by one, because there may be a million of them.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from civicmail.city.law.schedules import Schedules
from civicmail.core.config.errors import CivicmailError
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import File, Files
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.heads import canonical
from civicmail.mail.archive.certificates import Item

VERSION = 1
_TAIL_MOST = 1 << 26  # bytes of the last line
_CHUNK = 1 << 20


class Part(NamedTuple):
    """The part of what is due that is proposed. class_: that decided, "" for all; year: of receipt (UTC), 0 for all; most: number
    of captures, oldest first, 0 for all."""

    class_: str = ""
    year: int = 0
    most: int = 0

    @property
    def has_pieces(self) -> bool:
        """Whether pieces in damaged/ belong in it, which have neither one class nor one year."""
        return not (self.class_ or self.year)


WHOLE = Part()


class Line(NamedTuple):
    """One capture. class_: as in the head of its receipt; kept: the class that decided; series: the id of its schedule; hash: keyed
    hash of its bytes, hexadecimal. Times are ms."""

    id: str
    class_: str
    kept: str
    series: str
    received: int
    due: int
    size: int
    hash: str

    @property
    def year(self) -> int:
        return datetime.fromtimestamp(self.received / 1000, UTC).year

    @property
    def plain(self) -> dict[str, Any]:
        plain = self._asdict()
        return plain | {"class": plain.pop("class_")}


def line_of(item: Item, key: bytes) -> Line:
    c, decision = item.capture, item.decision
    series = decision.schedule.id if decision.schedule else ""
    keyed = hmac.digest(key, b"manifest\0" + c.sha256, "sha256").hex()
    return Line(c.uuid, c.class_, decision.class_, series, c.received, decision.due, c.size, keyed)


@dataclass(slots=True)
class Manifest:
    """A manifest without its lines. digest: its name; series: by id, as in the file; total: captures of the archive at that time;
    kept: captures that stay, by reason; figures: class to year to captures; pieces: files of damaged/."""

    at: int
    schedules: str
    series: dict[str, dict[str, Any]]
    part: Part = WHOLE
    digest: str = ""
    total: int = 0
    captures: int = 0
    size: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    pieces: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.captures += 1
        self.size += line.size
        years = self.figures.setdefault(line.kept, {})
        years[str(line.year)] = years.get(str(line.year), 0) + 1

    @property
    def first(self) -> dict[str, Any]:
        part = {"class": self.part.class_, "year": self.part.year, "most": self.part.most}
        series = list(self.series.values())
        return {"v": VERSION, "at": self.at, "schedules": self.schedules, "series": series, "part": part}

    @property
    def last(self) -> dict[str, Any]:
        names = ("total", "captures", "size", "kept", "figures", "pieces")
        return {name: getattr(self, name) for name in names}


def series_of(schedules: Schedules) -> dict[str, dict[str, Any]]:
    """Every series as a manifest has it, by id."""
    return {
        s.id: {
            "class": s.class_,
            "id": s.id,
            "title": s.title,
            "years": s.years,
            "days": s.days,
            "permanent": s.permanent,
            "trigger": s.trigger,
            "approval": s.approval,
            "board": s.board,
            "approved": s.approved.isoformat(),
            "expires": s.expires.isoformat(),
            "historical": s.historical,
            "notified": s.notified.isoformat() if s.notified else "",
        }
        for s in schedules.by_class.values()
    }


def text_digest(text: str) -> str:
    """The version of the schedules: the SHA-256 of their text."""
    return sha256(text.encode()).hexdigest()


def folder(data: Path) -> Path:
    return data / "manifests"


def path_of(data: Path, digest: str) -> Path:
    return folder(data) / f"{digest}.jsonl"


def key_of(data: Path, files: Files) -> bytes:
    """The key of the hashes, created if missing (0600). Without it no line of an earlier manifest matches its capture any more."""
    return files.secret(data / "keys" / "manifests.key")


def write(data: Path, manifest: Manifest, lines: Iterable[Line], finish: Callable[[Manifest], None], files: Files) -> Manifest:
    """Write a manifest, durable on return, and give it its digest. finish: completes what the lines did not count, and may refuse
    by an error; then nothing is left. Raises LeaseHeld while another one is being written."""
    place = folder(data)
    temporary, file = place / ".new", None
    with Lease.take(lease_path(data, "manifest")):
        files.make_folder(place)
        files.unlink(temporary)  # what an earlier writer left that died
        try:
            file = files.open(temporary, create=True)
            out = _Out(file)
            out.put(manifest.first)
            for line in lines:
                manifest.add(line)
                out.put(line.plain)
            finish(manifest)
            out.put(manifest.last)
            manifest.digest = out.finish()
            file.sync()
            files.rename(temporary, path_of(data, manifest.digest))
        except (OSError, CivicmailError):
            files.unlink(temporary)
            raise
        finally:
            if file is not None:
                file.close()
        files.sync_folder(place)
    return manifest


class _Out:
    """Lines on their way into a file, with their hash."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._hash = sha256()
        self._pending = bytearray()
        self._at = 0

    def put(self, plain: dict[str, Any]) -> None:
        self._pending += canonical(plain) + b"\n"
        if len(self._pending) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        content = bytes(self._pending)
        self._hash.update(content)
        self._at = self._file.write_at(self._at, [content])
        self._pending.clear()

    def finish(self) -> str:
        self._flush()
        return self._hash.hexdigest()


def read(data: Path, digest: str) -> Manifest:
    """A manifest whose bytes have this digest. Raises DamagedFile for another content or none."""
    path = path_of(data, digest)
    try:
        with path.open("rb") as file:
            if file_digest(file, "sha256").hexdigest() != digest:
                raise DamagedFile(f"manifests/{path.name} is not what was written under this name; nothing is disposed of by it.")
            file.seek(0)
            first = orjson.loads(file.readline())
            if first["v"] != VERSION:
                raise DamagedFile(f"manifests/{path.name} has version {first['v']}; this program reads {VERSION}.")
            last = orjson.loads(_last_line(file))
    except FileNotFoundError:
        raise DamagedFile(f"manifests/{path.name} is missing; nothing is disposed of by it.") from None
    part = Part(first["part"]["class"], first["part"]["year"], first["part"]["most"])
    series = {s["id"]: s for s in first["series"]}
    return Manifest(first["at"], first["schedules"], series, part, digest, **last)


def _last_line(file: Any) -> bytes:
    """The last line of an open file."""
    end = file.seek(0, os.SEEK_END)
    size = 1 << 14
    while True:
        start = max(0, end - size)
        file.seek(start)
        content = bytes(file.read(end - start)).rstrip(b"\n")
        if (at := content.rfind(b"\n")) >= 0 or start == 0 or size > _TAIL_MOST:
            return content[at + 1 :]
        size *= 4


def lines(data: Path, manifest: Manifest, *, start: int = 0, count: int | None = None) -> Iterator[Line]:
    """Its captures in order, from the `start`-th (from 0), at most `count`."""
    stop = manifest.captures if count is None else min(manifest.captures, start + count)
    with path_of(data, manifest.digest).open("rb") as file:
        file.readline()
        for at, text in enumerate(file):
            if at >= stop:
                return
            if at >= start:
                plain = orjson.loads(text)
                yield Line(class_=plain.pop("class"), **plain)
