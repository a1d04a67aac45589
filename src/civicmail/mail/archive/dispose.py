"""Disposal: remove the captures of a manifest that are still due and under no hold, by a rewrite, with a certificate (P-23,
promise 3).

Every capture is checked again, inside the lease, by its archived bytes; neither the class of its segment nor the manifest is
trusted. In doubt a capture stays. At the moment of the swap nobody can place a hold, and a hold placed since the check stops it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from uuid import UUID

from civicmail.city.guard.four_eyes import Facts, is_same_person, why_refused
from civicmail.city.guard.guard import is_claimed
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Patience
from civicmail.mail.archive import certificates, classes, damaged_pieces, holds, manifests, outstanding_file, rules
from civicmail.mail.archive.certificates import Item
from civicmail.mail.archive.damaged_pieces import Piece
from civicmail.mail.archive.errors import MissingReason, NotDisposed, NotInArchive, RulesChanged
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.manifests import Manifest
from civicmail.mail.archive.places import InSegment
from civicmail.mail.archive.records import Capture, Event
from civicmail.mail.archive.rewrite import Name, rewrite
from civicmail.mail.archive.rules import Watch
from civicmail.mail.archive.seal import Sealer, new_batch
from civicmail.mail.archive.store import Store

_TWO = "Whoever proposes a disposal does not approve it: it needs two persons."
PORTION = 5000  # captures that one certificate names


@dataclass(slots=True)
class Outcome:
    """Outcome of a disposal. kept: captures that stay, by reason ("held", "not yet", "expired", "no schedule", "permanent",
    "notice", "not sealed", "outstanding", "damaged"; of a manifest also "changed": its line is not true any more, "gone": a
    certificate names it, "missing": none does), "put aside: " and the reason for pieces in damaged/; gone: captures that are
    disposed of; pieces: files of damaged/ that are removed; certificates: their names."""

    gone: int = 0
    pieces: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)

    def keep(self, why: str, count: int = 1) -> None:
        if count:
            self.kept[why] = self.kept.get(why, 0) + count


class Examination:
    """The decision of the present rules about each capture. now: ms. Raises NotDisposed where no schedules were ever adopted;
    DamagedFile, KeyMissing or QueryError where the rules cannot be read."""

    def __init__(self, store: Store, view: Viewer, now: int) -> None:
        self.store = store
        self.watch = Watch(store)
        self.text = classes.text_in_force(store)
        schedules = classes.in_force(store)
        if schedules is None:
            raise NotDisposed("No schedules are in force, so nothing is due. Adopt a file of them first (civicmail archive adopt).")
        self.schedules = schedules
        self.holds = holds.in_force(store)
        waiting = outstanding_file.current(store.data).entries.values()
        self._waiting = {entry.id for entry in waiting if entry.seen}  # else it is finished, and an event about it came late
        self._view = view
        self._now = now
        self._gone: set[bytes] | None = None

    def ids(self, outcome: Outcome, year: int = 0) -> Iterator[bytes]:
        """The sealed captures that may be due by their age; those of months that are too young for any schedule are only counted.
        The ids of a month are listed before the first is returned, because disposal changes the catalogue. year: only these."""
        for month in list(self.store.catalogue.months):
            if year and month[:4] != f"{year:04}":
                continue
            runs = self.store.catalogue.runs_now(month)
            if self.schedules.earliest_due(_start_of(month)) > self._now:
                outcome.keep("not yet", sum(run.captures for run in runs))
                continue
            known = bytearray()
            for entry in heapq.merge(*(run.each() for run in runs), key=lambda e: e.id):
                if not entry.events and entry.id != known[-16:]:
                    known += entry.id
            yield from (bytes(known[at : at + 16]) for at in range(0, len(known), 16))

    def due(self, outcome: Outcome, year: int = 0) -> Iterator[Item]:
        """The captures that are to go; the others are counted."""
        for id_ in self.ids(outcome, year):
            item = self.judge(id_)
            if isinstance(item, str):
                outcome.keep(item)
            else:
                yield item

    def judge(self, id_: bytes) -> Item | str:
        """A capture that is to go, or why it stays."""
        store = self.store
        place = store.place(id_)
        if place is None:
            return "gone" if id_ in self._certified() else "missing"
        if not isinstance(place.where, InSegment) or store.tail.events(id_):
            return "not sealed"
        if id_ in self._waiting:
            return "outstanding"
        try:
            head, heads = store.head(place), store.events(id_)
            capture = Capture.from_head(head)
            known = classes.classes_of(capture, map(Event.from_head, heads), self.schedules)
            decision = self.schedules.decide(known, capture.received, self._now)
            if not decision.is_due:
                return decision.why
            if self.holds:
                view = self._view(capture, store.body(place))
                if any(hold.covers(view) for hold in self.holds):
                    return "held"
        except (DamagedFile, NotInArchive):
            return "damaged"
        return Item(id_, capture, decision, (head, *heads))

    def listed(self, manifest: Manifest, key: bytes, outcome: Outcome) -> Iterator[Item]:
        """The captures of a manifest that are to go: those whose line is as true now as it was then. The others are counted."""
        series = manifests.series_of(self.schedules)
        for line in manifests.lines(self.store.data, manifest):
            item = self.judge(UUID(line.id).bytes)
            if isinstance(item, str):
                outcome.keep(item)
            elif manifests.line_of(item, key) != line or series.get(line.series) != manifest.series[line.series]:
                outcome.keep("changed")
            else:
                yield item

    def _certified(self) -> set[bytes]:
        """The captures that certificates name, as they were when the first one was missing."""
        if self._gone is None:
            facts = certificates.every(self.store)
            self._gone = {UUID(item["id"]).bytes for certificate in facts for item in certificate["items"]}
        return self._gone

    def debris(self, outcome: Outcome) -> list[Piece]:
        """Damaged pieces that a repair set aside and that must also be removed."""
        pieces = []
        for piece in damaged_pieces.pieces(self.store.data):
            why = damaged_pieces.decide(piece, self.store, self.schedules, held=bool(self.holds), now=self._now)
            if why == "due":
                pieces.append(piece)
            else:
                outcome.keep(f"put aside: {why}")
        return pieces

    def segments_of(self, items: Sequence[Item]) -> set[Name]:
        """Every segment with a record about these captures."""
        entries = [e.where for item in items for e in self.store.catalogue.by_id(item.id)]
        return {(where.class_, where.month, where.segment) for where in entries}


def simulate(data: Path, *, now: int, view: Viewer, each: Callable[[Item], None] = lambda item: None) -> Outcome:
    """The outcome of a disposal now, without changing anything or taking a lease. each: called with every such capture."""
    outcome = Outcome()
    examination = Examination(Store(data), view, now)
    for item in examination.due(outcome):
        outcome.gone += 1
        each(item)
    outcome.pieces = len(examination.debris(outcome))
    return outcome


def dispose(
    data: Path,
    *,
    manifest: str,
    proposer: str,
    approver: str,
    eyes: Facts,
    reason: str,
    now: int,
    view: Viewer,
    files: Files = OS_FILES,
    portion: int = PORTION,
    patience: Patience | None = None,
) -> Outcome:
    """Dispose of what a manifest lists and what is still due. Takes the lease `seal`; patience: time to wait for a worker that
    holds it. manifest: the digest of the approved one; now: ms; eyes: data about the two people (city/guard/four_eyes.py). May be
    repeated: each capture has one certificate.

    Raises NotDisposed for one person alone or an unclaimed installation, MissingReason, LeaseHeld, RulesChanged, DamagedFile for a
    changed manifest: captures with a certificate by then are disposed of, everything else is unchanged.
    """
    if not (proposer.strip() and approver.strip() and reason.strip()):
        raise MissingReason("A disposal needs who proposes it, who approves it, and why.")
    if is_same_person(proposer.strip().casefold(), approver.strip().casefold()):
        raise NotDisposed(_TWO)
    if why := why_refused(approver, [proposer], eyes, began=0, now=now, sentence=_TWO):
        raise NotDisposed(why)
    if not is_claimed(data):
        raise NotDisposed("An unclaimed installation only simulates disposal.")
    outcome = Outcome()
    with Sealer(data, files, patience) as sealer:
        sealer.finish()
        listed = manifests.read(data, manifest)
        examination = Examination(Store(data), view, now)
        damaged_pieces.remove(data, certificates.every(examination.store), files)  # by an earlier run that died
        act = _Act(sealer, examination, manifest, (proposer, approver), reason, now, files)
        for items in batched(examination.listed(listed, manifests.key_of(data, files), outcome), portion):
            outcome.certificates.append(act.portion(items))
            outcome.gone += len(items)
        if pieces := [piece for piece in examination.debris(outcome) if piece.plain in listed.pieces]:
            outcome.certificates.append(act.pieces(pieces))
            outcome.pieces = len(pieces)
            damaged_pieces.remove(data, certificates.every(Store(data)), files)
    return outcome


def _start_of(month: str) -> int:
    year, number = month.split("-")
    return int(datetime(int(year), int(number), 1, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class _Act:
    """One disposal in progress."""

    sealer: Sealer
    examination: Examination
    manifest: str
    people: tuple[str, str]
    reason: str
    now: int
    files: Files

    def portion(self, items: Sequence[Item]) -> str:
        """Let these captures go; returns the name of their certificate."""
        e = self.examination
        going = {item.id for item in items}
        name = new_batch(self.now)
        facts = certificates.facts_of(
            items,
            certificate=name,
            manifest=self.manifest,
            text=e.text,
            schedules=e.schedules,
            holds=[hold.id for hold in e.holds],
            people=self.people,
            reason=self.reason,
            now=self.now,
        )
        rewrite(
            self.sealer,
            e.segments_of(items),
            lambda id_: id_ not in going,
            reason=self.reason,
            now=self.now,
            files=self.files,
            agree=lambda: self._agree(going),
            certificate=facts,
        )
        e.store.refresh()
        return name

    def pieces(self, pieces: list[Piece]) -> str:
        """Write the certificate about damaged pieces; return its name."""
        e = self.examination
        name = new_batch(self.now)
        facts = certificates.facts_of(
            [],
            certificate=name,
            manifest=self.manifest,
            text=e.text,
            schedules=e.schedules,
            holds=[],
            people=self.people,
            reason=self.reason,
            now=self.now,
        )
        with self._agree(set()):
            damaged_pieces.certify(
                self.sealer.data, facts | {"segments": [], "damaged": [p.plain for p in pieces]}, self.now, self.files
            )
        return name

    @contextmanager
    def _agree(self, going: set[bytes]) -> Iterator[None]:
        with rules.take(self.sealer.data):
            if any(event.type in rules.KEEPING or id_ in going for id_, event in self.examination.watch.came()):
                raise RulesChanged(
                    "Nothing of this portion was disposed of, because a hold, a class or a "
                    "schedule was added. Run the disposal again."
                )
            yield
