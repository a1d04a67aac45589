"""`civicmail export`: what a search finds, as eml files with their exact bytes or as one mbox."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer

from civicmail.city.access.permits import Permit
from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.disk.errors import DamagedFile
from civicmail.front.cli import door, options, output
from civicmail.front.cli.search import Ask, Query, hits, reader_of, say_coverage, with_threads, words_of
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.places import InJournal, InSegment, Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.search import Hit

TOGETHER = 5000
TOGETHER_BYTES = 32_000_000
_QUOTE = re.compile(rb"(?m)^(>*From )")
Format = Literal["eml", "mbox"]


def export(
    query: Query,
    out: Annotated[Path, typer.Option(metavar="PATH", help="eml: a new or empty folder; mbox: a new file.")],
    data: options.Data = None,
    format_: Annotated[
        Format, typer.Option("--format", help="eml: one file each, exact bytes. mbox: one file, mboxrd quoting.")
    ] = "eml",
    unique: Annotated[bool, typer.Option("--unique", help="Equal bytes once.")] = False,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Write what a search finds, oldest first."""
    folder = options.data_folder(data)
    load(folder, config)
    text, tree = words_of(query)
    _refuse_existing(out, format_)
    permit = door.permit(folder, "export", {"query": text, "format": format_})
    archive, reader = Archive(folder), reader_of(folder)
    tree = with_threads(reader, tree, archive, permit)
    found = hits(reader, Ask(tree, 0, "oldest", unique))
    done = failed = 0
    with output.progress("Exporting") as report:
        for ok in (_as_eml if format_ == "eml" else _as_mbox)(archive, permit, found, out):
            done, failed = done + ok, failed + (not ok)
            report(done)
    say_coverage(reader, archive.count())
    if json:
        output.emit({"exported": done, "failed": failed})
    else:
        output.show(f"{done} exported to {out}" + (f", {failed} could not be read." if failed else "."))
    raise typer.Exit(1 if failed else 0)


export.context_settings = {"ignore_unknown_options": True}  # type: ignore[attr-defined]  # -subject:x is a word of a query


def _refuse_existing(out: Path, format_: Format) -> None:
    if format_ == "mbox" and out.exists():
        raise UsageError(f"{out} is there already; nothing was written.")
    if format_ == "eml" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder; nothing was written.")
    (out if format_ == "eml" else out.absolute().parent).mkdir(parents=True, exist_ok=True)


def _bodies(archive: Archive, permit: Permit, found: Iterator[Hit]) -> Iterator[tuple[Hit, bytes | None]]:
    """Each hit with its bytes, in the order of hits; some thousand at a time are read in the order in which they lie, because
    neighbours share a compressed frame."""
    for some in _together(found):
        places = [archive.place(uuid.UUID(hit.id).bytes) for hit in some]
        for hit in (hit for hit, place in zip(some, places, strict=True) if place is None):
            output.words(f"failed: {hit.id}: nothing is kept under this id")
        bodies: list[bytes | None] = [None] * len(some)
        for n, place in sorted(((n, p) for n, p in enumerate(places) if p), key=lambda numbered: _lies(numbered[1])):
            try:
                bodies[n] = archive.body(permit, place)
            except (DamagedFile, NotInArchive) as error:
                output.words(f"failed: {place.uuid}: {error}")
        yield from zip(some, bodies, strict=True)


def _together(found: Iterator[Hit]) -> Iterator[list[Hit]]:
    """Hits in groups of 5,000 or, if that is less, of 32 MB."""
    some: list[Hit] = []
    size = 0
    for hit in found:
        some.append(hit)
        size += hit.size
        if len(some) >= TOGETHER or size >= TOGETHER_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _lies(place: Place) -> tuple[str, int, int]:
    match place.where:
        case InSegment(_, _, segment, frame, offset):
            return segment, frame, offset
        case InJournal(path, offset):
            return str(path), offset, 0


def _as_eml(archive: Archive, permit: Permit, found: Iterator[Hit], out: Path) -> Iterator[bool]:
    for hit, body in _bodies(archive, permit, found):
        if body is not None:
            (out / f"{hit.id}.eml").write_bytes(body)
        yield body is not None


def _as_mbox(archive: Archive, permit: Permit, found: Iterator[Hit], out: Path) -> Iterator[bool]:
    with open(out, "xb") as h:
        for hit, body in _bodies(archive, permit, found):
            if body is not None:
                _append(h, hit, body)
            yield body is not None


def _append(h: BinaryIO, hit: Hit, body: bytes) -> None:
    """One message in mboxrd: the receipt's time in the From_ line, every >*From_ line quoted, an empty line behind it."""
    h.write(f"From mboxrd@z {time.asctime(time.gmtime(min(hit.received // 1000, 253_402_300_799)))}\n".encode())
    if b"\nFrom " in body or b">From " in body or body.startswith(b"From "):  # rare, and much faster to look for
        body = _QUOTE.sub(rb">\1", body)
    h.write(body)
    h.write(b"\n" if body.endswith(b"\n") else b"\n\n")
