"""`civicmail search`: find mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from civicmail.city.access.permits import Permit
from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.shapes import Fields
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree
from civicmail.front.cli import door, options, output
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import search as finder
from civicmail.mail.search import threads
from civicmail.mail.search.counts import Counts, counts, searchable
from civicmail.mail.search.errors import NotIndexed
from civicmail.mail.search.reader import Reader

PAGE = 500
Sort = Literal["newest", "oldest", "relevance"]
Query = Annotated[list[str], typer.Argument(metavar="QUERY", help='Words, "phrases", from:, subject:, before: …, AND OR NOT, -.')]


def search(
    query: Query,
    data: options.Data = None,
    limit: Annotated[int, typer.Option(min=0, help="The most hits; 0 means all.")] = 20,
    count: Annotated[bool, typer.Option("--count", help="Only say how many there are.")] = False,
    unique: Annotated[bool, typer.Option("--unique", help="Equal bytes once.")] = False,
    sort: Annotated[Sort, typer.Option(help="By time of receipt, which is exact, or by relevance.")] = "newest",
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Find mail. Says on stderr how much there is, and what is not searchable yet."""
    folder = options.data_folder(data)
    load(folder, config)
    text, tree = words_of(query)
    permit = door.permit(folder, "search", {"query": text})
    archive = Archive(folder)
    archived = archive.count()
    reader = reader_of(folder)
    tree = with_threads(reader, tree, archive, permit)
    found = counts(reader, tree, archived=archived) if reader else Counts(0, 0, 0, archived, 0)
    if count:
        _say_counts(found, json)
        return
    shown = 0
    for hit in hits(reader, Ask(tree, limit, sort, unique)):
        if json:
            output.emit(hit.plain())
        else:
            output.show(f"{output.when(hit.received)}  {hit.from_}  {hit.subject}")
            output.show(f"    {hit.id}")
        shown += 1
    if not shown and not found.count:
        output.words(f"Nothing was found among {found.searchable} captures. Fewer words, or the start of one (storm*), find more.")
    elif not unique and shown < found.count:
        output.words(f"{shown} of {found.count} shown; --limit 0 shows all.")
    say_coverage(reader, archived)


search.context_settings = {"ignore_unknown_options": True}  # type: ignore[attr-defined]  # so that -subject:x is a word of a query


@dataclass(frozen=True, slots=True)
class Ask:
    """What to look for; limit 0 means everything."""

    tree: Tree
    limit: int
    sort: Sort = "newest"
    unique: bool = False


def words_of(query: list[str]) -> tuple[str, Tree]:
    """The query as one text and as a tree. Raises QueryError, UsageError for what is a mistyped option."""
    for word in query:
        if word.startswith("--"):
            raise UsageError(f"There is no option {word}.")
    text = " ".join(query)
    return text, parse(text, now=datetime.now(UTC))


def reader_of(data: Path) -> Reader | None:
    """The indexes, None where nothing was ever indexed."""
    try:
        return Reader(data)
    except NotIndexed:
        return None


def with_threads(reader: Reader | None, tree: Tree, archive: Archive, permit: Permit) -> Tree:
    """The tree with every thread: widened to the conversation of the message it names, which is read for it."""

    def read(id_: str) -> Fields | None:
        from civicmail.core.message import letter  # a search without thread: starts without a parser

        places = archive.find(id_)
        try:
            return letter.fields(archive.body(permit, places[0])) if places else None
        except (DamagedFile, NotInArchive):
            return None

    return threads.resolved(reader, tree, read) if reader else tree


def hits(reader: Reader | None, ask: Ask) -> Iterator[finder.Hit]:
    """Hits in order, page by page."""
    left = ask.limit
    cursor = ""
    while reader is not None:
        size = min(left, PAGE) if ask.limit else PAGE
        page = finder.search(reader, ask.tree, limit=size, sort=ask.sort, cursor=cursor, unique=ask.unique)
        yield from page.hits
        left -= len(page.hits)
        cursor = page.cursor
        if not cursor or (ask.limit and left <= 0):
            return


def say_coverage(reader: Reader | None, archived: int) -> None:
    """Nothing when everything archived was searched, else what is missing (promise 8)."""
    there = searchable(reader) if reader else 0
    if there < archived:
        output.words(f"Searched {there} of {archived} archived captures; the others are not indexed yet.")


def _say_counts(found: Counts, json: bool) -> None:
    if json:
        output.emit(found.plain())
        return
    output.show(f"{found.count} found, {found.unique} different; {found.searchable} of {found.archived} archived are searchable.")
    if found.unreadable:
        output.words(f"{found.unreadable} searchable captures have a part that could not be read.")
    if found.waiting:
        output.words(f"{found.waiting} searchable captures have attachments that are still to be read.")
