"""`civicmail export`: what a search finds, as eml files with their exact bytes or as one mbox."""

from __future__ import annotations

import re
import time
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
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.search import Hit

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
    for hit in found:
        place = archive.find(hit.id)
        try:
            yield hit, archive.body(permit, place[0]) if place else None
        except (DamagedFile, NotInArchive) as error:
            output.words(f"failed: {hit.id}: {error}")
            yield hit, None


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
    h.write(_QUOTE.sub(rb">\1", body))
    h.write(b"\n" if body.endswith(b"\n") else b"\n\n")
