"""The search index of the public reading room: one SQLite file of released words alone, in <data>/reading-room.

It has the text files of releases, as the gate let them leave, with the titles of publications. It can be thrown away: the worker
builds it again. Whoever searches asks the database which publications are public, so that what is taken down is gone at once.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.disk.files import OS_FILES

VERSION = 1
MAX_TERMS = 20
_WORD = re.compile(r"\w+")
_MARK = "\x01", "\x02"
_TABLES = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY, publication INTEGER, item INTEGER, title TEXT);
CREATE INDEX IF NOT EXISTS of_publication ON documents (publication);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 2');
"""
_FOUND = "FROM words JOIN documents ON id = words.rowid WHERE words MATCH ? AND publication IN (SELECT value FROM json_each(?))"
_EXCERPTS = "SELECT publication, item, documents.title, snippet(words, 1, char(1), char(2), '…', 32)"
_SUBJECT = re.compile(r"^Subject:[ \t]*(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ReleasedText:
    """The words of one document. item: its number within the request, 0 for title and summary of the publication."""

    item: int
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Hit:
    """runs: (text, whether a word of the search is in it), an excerpt of released words."""

    publication: int
    item: int
    title: str
    runs: tuple[tuple[str, bool], ...]


def path_of(data: Path) -> Path:
    """The file."""
    return data / "reading-room" / "index.sqlite3"


def title_of(text: str) -> str:
    """The subject of a released message; "" for a file, which has none."""
    head = text.partition("\n\n")[0]
    match = _SUBJECT.search(head)
    return match[1].strip() if match else ""


def add(data: Path, publication: int, texts: Iterable[ReleasedText]) -> None:
    """Put the words of a publication into the index, in the place of earlier ones."""
    with _writing(data) as index:
        _delete(index, publication)
        for one in texts:
            row = index.execute(
                "INSERT INTO documents (publication, item, title) VALUES (?, ?, ?)", (publication, one.item, one.title)
            )
            index.execute("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", (row.lastrowid, one.title, one.body))


def remove(data: Path, publications: Collection[int]) -> None:
    """Take publications out, so that no word of them stays in the file."""
    with _writing(data) as index:
        for publication in publications:
            _delete(index, publication)


def indexed(data: Path) -> set[int]:
    """The publications that the index has."""
    with _reading(data) as index:
        return {row[0] for row in index.execute("SELECT DISTINCT publication FROM documents")} if index else set()


def titles(data: Path, publication: int) -> dict[int, str]:
    """Item -> its title, of those that have one."""
    with _reading(data) as index:
        found = index.execute("SELECT item, title FROM documents WHERE publication = ?", (publication,)) if index else ()
        return {item: title for item, title in found if item and title}


def search(data: Path, words: str, publications: Collection[int], *, offset: int, limit: int) -> tuple[int, list[Hit]]:
    """How many documents of these publications have all words, and some of them, the best first."""
    terms = _WORD.findall(words)[:MAX_TERMS]
    if not terms or not publications:
        return 0, []
    given = (" ".join(f'"{term}"' for term in terms), json.dumps(sorted(publications)))
    with _reading(data) as index:
        if index is None:
            return 0, []
        (count,) = index.execute(f"SELECT COUNT(*) {_FOUND}", given).fetchone()
        rows = index.execute(f"{_EXCERPTS} {_FOUND} ORDER BY rank, id LIMIT ? OFFSET ?", (*given, limit, offset))
        return count, [Hit(publication, item, title, _runs(text)) for publication, item, title, text in rows]


def _delete(index: sqlite3.Connection, publication: int) -> None:
    index.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM documents WHERE publication = ?)", (publication,))
    index.execute("DELETE FROM documents WHERE publication = ?", (publication,))


def _runs(text: str) -> tuple[tuple[str, bool], ...]:
    """The marked words of an excerpt, in one line."""
    begin, end = _MARK
    runs: list[tuple[str, bool]] = []
    for n, part in enumerate(re.split(f"[{begin}{end}]", text)):
        if part:
            runs.append((part, n % 2 == 1))
    return tuple(runs)


@contextmanager
def _writing(data: Path) -> Iterator[sqlite3.Connection]:
    path = path_of(data)
    OS_FILES.make_folder(path.parent)
    if _version(path) not in (0, VERSION):
        OS_FILES.unlink(path)
    with closing(sqlite3.connect(path)) as index:
        path.chmod(0o600)
        index.executescript(_TABLES)
        index.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
        with index:
            yield index
        index.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _reading(data: Path) -> Iterator[sqlite3.Connection | None]:
    """The index, None before anything was published."""
    path = path_of(data)
    if _version(path) != VERSION:
        yield None
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as index:
        yield index


def _version(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as index:
        return int(index.execute("PRAGMA user_version").fetchone()[0])
