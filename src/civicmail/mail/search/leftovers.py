"""Derived data of disposed captures: what is removed, and what is kept.

The bodies are gone when a certificate is read, so the index says which files the captures had, before they are taken out of it.
What those files say goes from the cache when no capture that is still in an index has the same file.
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
    """Write down which files these captures have, as the indexes know them: they are about to be taken out."""
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
    """Of the files that were noted forget what they say, unless a capture in an index has the same. The index must be whole."""
    if not (names := extract_cache.gone(data)):
        return
    cache, searchers = Extracts(data), Reader(data).searchers()
    for name in names:
        query = tantivy.Query.term_query(SCHEMA, "file", name)
        if not any(counted(searcher, query) for searcher in searchers):
            cache.forget(name)
    extract_cache.forgotten(data, names)


def keep(old: Path, new: Path, but: set[Path], files: Files) -> None:
    """Give the indexes of a generation that is not written any more a second name in a new one. but: those that are not kept.

    What an interrupted call has left there is done again.
    """
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
