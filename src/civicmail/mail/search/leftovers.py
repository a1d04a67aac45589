"""Derived data of disposed captures: which of it is removed.

The bodies no longer exist when a certificate is read. So the index says which files the captures had, before the captures are
removed from it. The text of those files is removed from the cache if no capture in an index has the same file.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from itertools import batched
from pathlib import Path

import orjson
import tantivy

from civicmail.core.disk.files import Files
from civicmail.mail.search import extract_cache
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.order import counted, everything
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import SCHEMA, ids

_AT_ONCE = 1000


def note_files(data: Path, reader: Reader, capture_ids: Iterable[bytes], files: Files) -> None:
    """Write down the files of these captures, according to the indexes, before the captures are removed from them."""
    names: set[str] = set()
    for some in batched(capture_ids, _AT_ONCE):
        id_pairs = {ids(id_) for id_ in some}
        query = tantivy.Query.term_set_query(SCHEMA, "lo", [lo for _, lo in id_pairs])
        for searcher in reader.searchers():
            for f in everything(searcher, query):
                if f.key[1:] in id_pairs:
                    stored = orjson.loads(searcher.doc(f.address).get_first("stored"))  # type: ignore[arg-type]  # is there
                    names.update(*stored[4:])
    if names:
        extract_cache.set_gone(data, names, files)


def forget_files(data: Path) -> None:
    """Forget the text of the files written down, unless a capture in an index has the same file. The index must be complete."""
    if not (names := extract_cache.gone(data)):
        return
    cache, searchers = Extracts(data), Reader(data).searchers()
    for name in names:
        query = tantivy.Query.term_query(SCHEMA, "file", name)
        if not any(counted(searcher, query) for searcher in searchers):
            cache.forget(name)
    extract_cache.forgotten(data, names)


def keep(old: Path, new: Path, but: set[Path], files: Files) -> None:
    """Link the indexes of a closed generation into a new one. but: indexes to leave out. Completes an interrupted call."""
    for folder in sorted(p.parent for p in old.glob("*/*/meta.json")):
        if folder not in but:
            target = new / folder.relative_to(old)
            shutil.rmtree(target, ignore_errors=True)
            files.make_folder(target)
            for path in folder.iterdir():
                if path.suffix != ".lock":
                    _same(path, target / path.name, files)
            files.sync_folder(target)


def let_go(new: Path, but: set[Path]) -> None:
    """Remove what an interrupted keep() has left in a new generation, whole or not. but: the indexes that are made there."""
    for folder in sorted(new.glob("*/*/")):
        if folder not in but:
            shutil.rmtree(folder)


def _same(path: Path, other: Path, files: Files) -> None:
    """A second name, or where the disk has none a copy, synced."""
    try:
        files.link(path, other)
    except OSError:
        shutil.copyfile(path, other)
        with closing(files.open(other)) as file:
            file.sync()
