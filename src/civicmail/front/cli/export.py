"""`civicmail export`: write search results as .eml files with their exact bytes, or as one mbox."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.query.tree import Everything
from civicmail.desk.workbench import batch_read
from civicmail.front.cli import content_access, options, output
from civicmail.front.cli.content_access import ContentAccess
from civicmail.front.cli.index_query import (
    IndexQuery,
    Query,
    hits,
    print_coverage,
    reader_of,
    resolve_threads,
    searchable_count,
    words_of,
)
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit

_QUOTE = re.compile(rb"(?m)^(>*From )")
Read = Callable[[Place], bytes]
Format = Literal["eml", "mbox", "zip"]


def export(
    query: Query,
    out: Annotated[Path, typer.Option(metavar="PATH", help="eml: a new or empty folder; mbox, zip: a new file.")],
    credentials: options.ContentCredentials,
    format_: Annotated[
        Format, typer.Option("--format", help="eml: one file each, exact bytes. mbox: one file, mboxrd quoting. zip: with --proof.")
    ] = "eml",
    proof: Annotated[
        bool, typer.Option("--proof", help="With manifest, checksums and proofs, for tools/verify_export.py. Names all recipients.")
    ] = False,
    unique: Annotated[bool, typer.Option("--unique", help="Each message once, however often and by whatever way it came.")] = False,
    json: options.Json = False,
) -> None:
    """Write what a search finds, oldest first."""
    folder, settings = credentials.open()
    text, tree = words_of(query)
    _refuse_existing(out, format_, proof)
    opened = content_access.open_content(folder, "export", {"query": text, "format": format_}, credentials)
    archive, reader = Archive(folder), reader_of(folder)
    tree = resolve_threads(reader, tree, archive, opened)
    results = hits(reader, IndexQuery(tree, 0, "oldest", unique))
    done = failed = 0
    writing = _proved(archive, opened, reader, results, out, settings.city.name, text) if proof else None
    with output.progress("Exporting") as report:
        for ok in writing or (_as_eml if format_ == "eml" else _as_mbox)(archive, opened.reading(archive), results, out):
            done, failed = done + ok, failed + (not ok)
            report(done)
    print_coverage(searchable_count(reader), archive.count())
    if json:
        output.emit({"exported": done, "failed": failed})
    else:
        output.show(f"{done} exported to {out}" + (f", {failed} could not be read." if failed else "."))
    raise typer.Exit(1 if failed else 0)


export.context_settings = {"ignore_unknown_options": True}  # type: ignore[attr-defined]  # -subject:x is a word of a query


def _proved(
    archive: Archive, opened: ContentAccess, reader: Reader | None, results: Iterator[Hit], out: Path, city: str, text: str
) -> Iterator[bool]:
    from civicmail.front.cli import proofs  # what it needs takes long to import
    from civicmail.mail.search.counts import Counts, counts

    def coverage() -> dict[str, int]:
        archived = archive.count()
        totals = counts(reader, Everything(), archived=archived) if reader else Counts(0, 0, 0, archived, 0)
        return {key: value for key, value in totals.plain().items() if key not in ("count", "unique")}

    return proofs.export(archive, opened, results, out, proofs.about(opened, city, text), coverage)


def _refuse_existing(out: Path, format_: Format, proof: bool) -> None:
    if (proof and format_ == "mbox") or (format_ == "zip" and not proof):
        raise UsageError("A proof goes with --format eml or zip, and a zip with --proof; nothing was written.")
    if format_ == "zip" and out.suffix != ".zip":
        raise UsageError(f"The name of a zip file ends in .zip; {out} does not. Nothing was written.")
    if format_ != "eml" and out.exists():
        raise UsageError(f"{out} is there already; nothing was written.")
    if format_ == "eml" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder; nothing was written.")
    (out if format_ == "eml" else out.absolute().parent).mkdir(parents=True, exist_ok=True)


def _bodies(archive: Archive, read: Read, results: Iterator[Hit]) -> Iterator[tuple[Hit, bytes | None]]:
    """Each hit with its bytes, in order."""
    for group in batch_read.in_groups(results):
        for hit, body in batch_read.read(archive, read, group):
            if isinstance(body, str):
                output.words(f"failed: {hit.id}: {body}")
            yield hit, None if isinstance(body, str) else body


def _as_eml(archive: Archive, read: Read, results: Iterator[Hit], out: Path) -> Iterator[bool]:
    for hit, body in _bodies(archive, read, results):
        if body is not None:
            (out / f"{hit.id}.eml").write_bytes(body)
        yield body is not None


def _as_mbox(archive: Archive, read: Read, results: Iterator[Hit], out: Path) -> Iterator[bool]:
    with open(out, "xb") as h:
        for hit, body in _bodies(archive, read, results):
            if body is not None:
                _append(h, hit, body)
            yield body is not None


def _append(h: BinaryIO, hit: Hit, body: bytes) -> None:
    """Append a message as mboxrd: From_ line with the time of receipt, >*From_ lines quoted, an empty line."""
    h.write(f"From mboxrd@z {time.asctime(time.gmtime(min(hit.received // 1000, 253_402_300_799)))}\n".encode())
    if b"\nFrom " in body or b">From " in body or body.startswith(b"From "):  # rare, and much faster to look for
        body = _QUOTE.sub(rb">\1", body)
    h.write(body)
    h.write(b"\n" if body.endswith(b"\n") else b"\n\n")
