"""Index queries of `search` and `export`: parse, page through the hits, report coverage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.model import Fields
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree
from civicmail.core.sandbox.errors import Unreadable
from civicmail.front.cli import output
from civicmail.front.cli.content_access import ContentAccess
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import search as finder
from civicmail.mail.search import threads
from civicmail.mail.search.counts import searchable
from civicmail.mail.search.errors import NotIndexed
from civicmail.mail.search.reader import Reader

PAGE = 500
Sort = Literal["newest", "oldest", "relevance"]
Query = Annotated[
    list[str], typer.Argument(metavar="QUERY", help='Words, "phrases", from:, subject:, before: …; AND, OR, NOT, -word.')
]


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """A query; limit 0 means no limit."""

    tree: Tree
    limit: int
    sort: Sort = "newest"
    unique: bool = False


def words_of(query: list[str]) -> tuple[str, Tree]:
    """The query as text and as a tree. Raises QueryError, and UsageError for a mistyped option."""
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


def resolve_threads(reader: Reader | None, tree: Tree, archive: Archive, opened: ContentAccess) -> Tree:
    """The tree with every thread: widened to the conversation of the message it names, which is read for it; and-ed with the
    scope."""
    if reader is None:
        return opened.within(tree)

    def read(id_: str) -> Fields | None:
        from civicmail.desk.workbench.errors import OutOfScope
        from civicmail.mail.search import message_reader  # a search without thread: starts without it

        places = archive.find(id_)
        try:
            return message_reader.fields(opened.reading(archive)(places[0]))[0] if places else None
        except (DamagedFile, NotInArchive, OutOfScope, Unreadable):
            return None

    return opened.within(threads.resolved(reader, tree, read, opened.within))


def hits(reader: Reader | None, ask: IndexQuery) -> Iterator[finder.Hit]:
    """Hits in order."""
    for page in pages(reader, ask):
        yield from page.hits


def pages(reader: Reader | None, ask: IndexQuery) -> Iterator[finder.Page]:
    """Hits in order, page by page."""
    remaining = ask.limit
    cursor = ""
    while reader is not None:
        size = min(remaining, PAGE) if ask.limit else PAGE
        page = finder.search(reader, ask.tree, limit=size, sort=ask.sort, cursor=cursor, unique=ask.unique)
        yield page
        remaining -= len(page.hits)
        cursor = page.cursor
        if not cursor or (ask.limit and remaining <= 0):
            return


def searchable_count(reader: Reader | None) -> int:
    """How many captures an answer could see."""
    return searchable(reader) if reader else 0


def print_coverage(searchable_: int, archived: int) -> None:
    """Print what could not be searched, if anything (promise 8)."""
    if searchable_ < archived:
        output.words(f"Searched {searchable_} of {archived} archived captures; the others are not indexed yet.")
