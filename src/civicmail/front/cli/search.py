"""`civicmail search`: search the archive."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.front.cli import content_access, options, output
from civicmail.front.cli.index_query import (
    IndexQuery,
    Query,
    Sort,
    pages,
    print_coverage,
    reader_of,
    resolve_threads,
    searchable_count,
    words_of,
)
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.counts import Counts, counts
from civicmail.mail.search.search import Hit


def search(
    query: Query,
    credentials: options.ContentCredentials,
    limit: Annotated[int, typer.Option(min=0, help="The most hits; 0 means all.")] = 20,
    count: Annotated[bool, typer.Option("--count", help="Only say how many there are.")] = False,
    unique: Annotated[bool, typer.Option("--unique", help="Each message once, however often and by whatever way it came.")] = False,
    sort: Annotated[Sort, typer.Option(help="By time of receipt, which is exact, or by relevance.")] = "newest",
    json: options.Json = False,
) -> None:
    """Search the archive. Prints counts and coverage to stderr."""
    folder = credentials.folder()
    text, tree = words_of(query)
    opened = content_access.open_content(folder, "search", {"query": text}, credentials)
    archive = Archive(folder)
    archived = archive.count()
    reader = reader_of(folder)
    tree = resolve_threads(reader, tree, archive, opened)
    if count:
        _say_counts(counts(reader, tree, archived=archived) if reader else Counts(0, 0, 0, archived, 0), json)
        return
    shown = fitting = 0
    for page in pages(reader, IndexQuery(tree, limit, sort, unique)):
        fitting = fitting or page.total  # the first page says it
        for hit in page.hits:
            _say_hit(hit, json)
        shown += len(page.hits)
    searchable_ = searchable_count(reader)
    if not fitting:
        output.words(f"Nothing was found among {searchable_} captures. Fewer words, or the start of one (storm*), find more.")
    elif not unique and shown < fitting:
        output.words(f"{shown} of {fitting} shown; --limit 0 shows all.")
    print_coverage(searchable_, archived)


search.context_settings = {"ignore_unknown_options": True}  # type: ignore[attr-defined]  # so that -subject:x is a word of a query


def _say_hit(hit: Hit, json: bool) -> None:
    if json:
        output.emit(hit.plain())
        return
    output.show(f"{output.when(hit.received)}  {hit.from_}  {hit.subject}")
    output.show(f"    {hit.id}")


def _say_counts(totals: Counts, json: bool) -> None:
    if json:
        output.emit(totals.plain())
        return
    output.show(
        f"{totals.count} found, {totals.unique} different; {totals.searchable} of {totals.archived} archived are searchable."
    )
    if totals.unreadable:
        output.words(f"{totals.unreadable} searchable captures have a part that could not be read.")
    if totals.waiting:
        output.words(f"{totals.waiting} searchable captures have attachments that are still to be read.")
