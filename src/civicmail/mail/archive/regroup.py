"""Move captures whose class was raised to that class, and merge small segments.

A class is only a grouping, so no deadline depends on this: disposal checks each capture itself. It is one call of rewrite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from civicmail.city.law.schedules import Schedules
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import classes, gather, segments
from civicmail.mail.archive.records import ASIDE, Type
from civicmail.mail.archive.rewrite import Name, rewrite
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.segments import SEGMENT_SIZE, Segment
from civicmail.mail.archive.store import Store

BATCH_SIZE = 256 << 20


@dataclass(slots=True)
class Done:
    """The result. moved: captures that were moved to another class; before and after: numbers of segments rewritten and written."""

    moved: int = 0
    before: int = 0
    after: int = 0


def regroup(sealer: Sealer, *, now: int, reason: str, files: Files = OS_FILES) -> Done:
    """Promote and compact every month. now: ms. Raises DamagedFile, KeyMissing: completed months stay completed."""
    done = Done()
    sealer.finish()
    store = Store(sealer.data)
    schedules = classes.in_force(store)
    by_month: dict[str, list[Name]] = {}
    for name in segments.listed(sealer.data):
        by_month.setdefault(name[1], []).append(name)
    for _, names in sorted(by_month.items()):
        targets = _raised(sealer, store, names, schedules) if schedules else {}
        places = [e.where for id_ in targets for e in store.catalogue.by_id(id_)]
        for some in _batches(sealer, names, {(where.class_, where.month, where.segment) for where in places}):
            report = rewrite(sealer, some, new_class=_Target(targets), reason=reason, now=now, files=files)
            done.before, done.after = done.before + len(some), done.after + report.segments
        done.moved += len(targets)
    return done


class _Target:
    """The new class of records about a capture."""

    def __init__(self, targets: dict[bytes, str]) -> None:
        self._targets = targets

    def __call__(self, id_: bytes, class_: str) -> str:
        return self._targets.get(id_, class_)


def _raised(sealer: Sealer, store: Store, names: list[Name], schedules: Schedules) -> dict[bytes, str]:
    """Captures that are not in the segments of their longest class, with that class."""
    targets: dict[bytes, str] = {}
    for id_ in {id_ for name in names for id_ in _perhaps_raised(sealer, name)}:
        place = store.place(id_)
        if place is None or not (entries := store.catalogue.by_id(id_)):
            continue
        head = orjson.loads(store.head(place))
        heads = [orjson.loads(h) for h in store.events(id_)]
        raised = {h["facts"]["class"] for h in heads if h["type"] == "class"}
        raised |= classes.class_after(head["class"], (Type[h["type"].upper()] for h in heads))
        target = gather.class_name(schedules.longest_kept_class({head["class"]} | raised, head["received"]))
        if any(e.where.class_ != target for e in entries):
            targets[id_] = target
    return targets


def _perhaps_raised(sealer: Sealer, name: Name) -> Iterator[bytes]:
    """Captures with a record that may raise their class."""
    types = classes.WENT | {Type.CLASS} if name[0] == ASIDE else {Type.CLASS}
    segment = Segment(segments.path_of(sealer.data, *name), name[2], sealer.keyring.open(name[2]))
    yield from (row.id for row in segment.rows() if row.type in types)
    segment.close()


def _batches(sealer: Sealer, names: list[Name], moving: set[Name]) -> Iterator[list[Name]]:
    """Segments of a month to rewrite together: those from which something moves, and small ones of which a class has several."""
    sizes = {name: segments.path_of(sealer.data, *name).stat().st_size for name in names}
    chosen: list[Name] = sorted(moving)
    for class_ in sorted({name[0] for name in names}):
        small = [n for n in names if n[0] == class_ and n not in moving and sizes[n] < SEGMENT_SIZE // 2]
        if len(small) > 1:
            chosen += small
    batch: list[Name] = []
    for name in chosen:
        batch.append(name)
        if sum(sizes[n] for n in batch) >= BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch
