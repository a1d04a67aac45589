"""The second half of a rewrite: write the certificate, then remove old segments, their keys and their rows.

After the commit the old segments are no longer read. Each step can be repeated: the next holder of the lease `seal` does so until
the state file is removed. Keys are removed first, because without them the rest is noise, even in a copy elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk.files import Files
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import adopt
from civicmail.mail.archive import catalogue, seal_state, segments, tail_index
from civicmail.mail.archive.catalogue import Catalogue
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.tail_index import TailIndex


def complete(data: Path, state: SealState, keyring: Keyring, files: Files) -> None:
    """Do everything that follows the commit of a rewrite except removing the state file. May be repeated."""
    if state.certificate is not None:
        _certify(data, state.certificate, files)
        seal_state.write(data, replace(state, certificate=None), files)
    keyring.remove([name for *_, name in state.gone])
    folders = set()
    for class_, month, name in state.gone:
        path = segments.path_of(data, class_, month, name)
        files.unlink(path)
        if path.parent.is_dir():
            folders.add(path.parent)
    for folder in sorted(folders):
        files.sync_folder(folder)
    _sweep(data, {month for _, month, _ in state.gone}, files)


def _certify(data: Path, facts: dict[str, Any], files: Files) -> None:
    """Write the certificate, unless it was written before a crash: nothing is sealed in between, so it is still in a journal."""
    adopt(data, files=files)  # what a dead owner left is durable only now
    tail = TailIndex(data)
    tail.refresh()
    name = facts["certificate"].encode()
    for where in tail.events(NO_ID):
        head = tail_index.read_head(where)
        if name in head and orjson.loads(head)["type"] == "disposed":
            return
    now = int(facts["at"])
    write_events(data, [Event(Type.DISPOSED, NO_ID, now, facts=facts)], now, files)


def _sweep(data: Path, months: Iterable[str], files: Files) -> None:
    """Remove runs that others replace, because they name disposed captures; then runs without rows."""
    view = Catalogue(data)
    view.refresh()
    for month in sorted(months):
        place = catalogue.folder(data) / month
        if not place.is_dir():
            continue
        live = view.runs(month)
        names = {run.name for run in live}
        for going in (
            [p for p in place.glob("*.run") if not p.name.startswith(".") and p.stem not in names],
            [run.path for run in live if not run.rows],
        ):
            for path in going:
                files.unlink(path)
            if going:
                files.sync_folder(place)
