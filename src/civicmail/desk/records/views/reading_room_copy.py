"""The static copy of the reading room: plain files that any web server can serve, without this program and without script.

    index.html  feed.xml  style.css  words/index.html  words/<letter>.html
    SLUG/index.html  SLUG/SLUG.zip  SLUG/files/NAME        each file as the release gate lets it leave

The same publications give the same bytes. What was taken down keeps its page, and nothing else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from civicmail.desk.records.models import Publication
from civicmail.desk.records.queries import reading_room, released_files
from civicmail.desk.records.queries.reading_room import ReleasedDocument
from civicmail.desk.records.reading_room_feed import Entry, atom
from civicmail.desk.records.released_index import title_of
from civicmail.desk.records.views import production_files

MAX_PLACES = 50
"""Documents that the index of words names for a word; the others are counted."""
_WORD = re.compile(r"\w{3,}")
STYLE = """\
body{font:16px/1.5 sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1b1b1b;background:#fff;overflow-wrap:anywhere}
a{color:#005ea2}a:focus{outline:4px solid #2491ff}h1{line-height:1.2}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.5rem;border-bottom:1px solid #71767a}
code{font-family:monospace}
"""

type Places = Mapping[str, list[tuple[str, str]]]
"""Word -> (slug, number) of the documents that have it."""


def write(data: Path, folder: Path, *, language: str = "en", address: str = "") -> Iterator[str]:
    """Write the copy into a new or empty folder; yields the name of each release. address: where the copy will be, for its feed.
    Raises NotReleasable, OSError."""
    rows = list(reading_room.public())
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with translation.override(language):
        _write(folder / "style.css", STYLE)
        for row in rows:
            _release(data, folder, row, places)
            yield row.slug
        for row in reading_room.taken_down():
            _page(folder / row.slug / "index.html", "taken", {"row": row, "up": "../"})
        letters = _letters(places)
        for name, some in letters.items():
            _page(folder / "words" / f"{name}.html", "words", {"letter": name, "words": some, "up": "../"})
        _page(folder / "words" / "index.html", "words", {"letters": list(letters), "up": "../"})
        _page(folder / "index.html", "index", {"rows": rows, "up": ""})
        _write(folder / "feed.xml", _feed(rows, address))


def _release(data: Path, folder: Path, row: Publication, places: dict[str, list[tuple[str, str]]]) -> None:
    here = folder / row.slug
    (here / "files").mkdir(parents=True)
    titles = {}
    for file in row.production.files.select_related("production").order_by("pk"):
        content = released_files.content(data, file)
        _write(here / "files" / file.name, content)
        if file.item and file.media_type == "text/plain":
            text = content.decode("utf-8", "replace")
            titles[file.item] = title_of(text)
            for word in sorted({word.casefold() for word in _WORD.findall(text)}):
                places[word].append((row.slug, file.name.rpartition(".")[0]))
    with (here / f"{row.slug}.zip").open("wb") as out:
        for piece in released_files.whole(data, row.production):
            out.write(piece)
    documents: list[ReleasedDocument] = reading_room.documents(row, reading_room.items(row), titles)
    shown = {
        "row": row,
        "documents": documents,
        "lists": reading_room.lists(row),
        "key": production_files.public_key(),
        "digest": reading_room.manifest_digest(row),
        "up": "../",
    }
    _page(here / "index.html", "release", shown)


def _letters(places: Places) -> dict[str, list[tuple[str, list[tuple[str, str]], int]]]:
    """Name of a page of the index -> (word, documents, how many more), in the order of the words."""
    pages: dict[str, list[tuple[str, list[tuple[str, str]], int]]] = defaultdict(list)
    for word in sorted(places):
        first = word[0] if word[0].isascii() else f"u{ord(word[0]):04x}"
        pages[first].append((word, places[word][:MAX_PLACES], max(0, len(places[word]) - MAX_PLACES)))
    return dict(pages)


def _feed(rows: list[Publication], address: str) -> bytes:
    city = settings.CITY.city
    entries = [Entry(row.slug, row.title, row.summary, row.published) for row in rows if row.published]
    root = f"{address.rstrip('/')}/" if address else ""

    def place(slug: str) -> str:
        return f"{root}{slug}/index.html" if slug else f"{root}index.html"

    return atom(entries, title=city.name, author=city.name, domain=next(iter(city.domains), "localhost"), address=place)


def _page(path: Path, template: str, shown: dict[str, Any]) -> None:
    more = {"city": settings.CITY.city.name, "language": translation.get_language()}
    _write(path, render_to_string(f"records/copy/{template}.html", {**shown, **more}))


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
