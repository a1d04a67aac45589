"""Repair a damaged journal and account for its losses: `civicmail repair journal`.

Whole records stay in the journal byte for byte, in files without a gap; other bytes go to <data>/damaged/<journal>/. In this order,
so that an interrupted repair can be repeated:

1. damaged bytes, and spool files that no whole record names, are written to damaged/ and synced
2. an entry states the lost numbers, the moved bytes, the actor and the reason; it is durable in another journal
3. the journal's file `lost` lets its readers skip them
4. files with the whole records replace the damaged one, the last one first

If whole files have a gap between them, because the records in between were lost with the machine that had sealed them, only 2 and 3
are needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from civicmail.core.disk import frames, journal, lost_records
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files, mapped
from civicmail.core.disk.lease import Lease, holder, is_held, lease_path
from civicmail.core.disk.salvage import Run, Salvage, salvage
from civicmail.mail.archive import gather
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal import Sealer

ACT = "repair journal"
ENTRY_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes in damaged/<journal>/. name: of the file there; offset: in the file that they came from."""

    name: str
    offset: int
    size: int
    sha256: str

    @property
    def plain(self) -> dict[str, Any]:
        return {"file": self.name, "offset": self.offset, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Repaired:
    """One repaired journal. entry: place of the entry, "journal:number"."""

    journal: str
    lost: lost_records.Spans
    moved: list[Moved]
    entry: str


@dataclass(frozen=True, slots=True)
class Who:
    """The actor, as in an entry."""

    person: str
    role: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Damage:
    """The damage of one journal. files: damaged files; lost: numbers not accounted for; orphans: spool files without record."""

    place: Path
    files: list[tuple[Path, bytes, Salvage]]
    lost: lost_records.Spans
    orphans: list[Path]


def repair(data: Path, *, person: str, reason: str, now: int, files: Files = OS_FILES) -> list[Repaired]:
    """Repair every damaged journal; return what was done.

    No worker may run, because each continues at its offset in a journal: takes the leases `seal`, `courier`, `index` and `ledger`.
    Raises LeaseHeld, which names the processes to stop, also if a process appends to a damaged journal, and KeyMissing. now: ms.
    """
    if busy := _at_work(data):
        raise LeaseHeld(f"Stop what is at work first: {', '.join(busy)}. Gateways may go on, unless their own journal is damaged.")
    with ExitStack() as stack:
        stack.enter_context(Sealer(data, files)).finish()
        for job in ("courier", "index", "ledger"):
            stack.enter_context(Lease.take(lease_path(data, job)))
        return list(_repaired(data, person, reason, now, files))


def _at_work(data: Path) -> list[str]:
    """Jobs whose leases are held, with the process."""
    held = [path for path in sorted(lease_path(data, "seal").parent.glob("*")) if path.is_file() and is_held(path)]
    return [f"{path.name} (process {holder(path) or 'unknown'})" for path in held]


def _repaired(data: Path, person: str, reason: str, now: int, files: Files) -> Iterator[Repaired]:
    for name in journal.names(data):
        place = journal.folder(data) / name
        try:
            lease = Lease.take(place / "lock")
        except LeaseHeld as held:
            if _examine(place, is_live=True) is not None:
                raise LeaseHeld(f"Journal {name} is damaged and in use, so stop its process first. {held}") from None
            continue
        with lease:
            damage = _examine(place, is_live=False)
            if damage is not None:
                moved = list(_move(data, damage, files))
                entry = _account(data, damage, moved, Who(person, "operator", reason), now, files)
                for path, content, salvaged in damage.files:
                    _swap(path, content, salvaged, files)
                yield Repaired(name, damage.lost, moved, entry)


def account_for_gaps(data: Path, who: Who, *, now: int, files: Files = OS_FILES) -> list[Repaired]:
    """Account for numbers that are in no file and no segment, of journals without damaged files; return what was done. For an
    installation that was never started. now: ms."""
    done = []
    for name in journal.names(data):
        place = journal.folder(data) / name
        with Lease.take(place / "lock"):
            damage = _examine(place, is_live=False)
            if damage is not None and not damage.files:
                done.append(Repaired(name, damage.lost, [], _account(data, damage, [], who, now, files)))
    return done


# -- what is wrong ---------------------------------------------------------------------------------------------------------


def _examine(place: Path, *, is_live: bool) -> _Damage | None:
    """The damage of a journal, None if there is none. The last file of a journal in use is skipped."""
    known = journal.log_files(place)
    durable = journal.read_durable(place)
    if is_live:
        known, durable = known[:-1], known[-1][0] - 1 if known else 0
    damaged: list[tuple[Path, bytes, Salvage]] = []
    kept: list[tuple[int, int]] = [(1, journal.read_retired(place))]
    named: set[str] = set()
    for at, (first, path) in enumerate(known):
        content = path.read_bytes()
        last = known[at + 1][0] - 1 if at + 1 < len(known) else durable if is_live else None
        seeds = (_seed_of(file) for _, file in known if file != path)
        changed = path.stat().st_mtime_ns // 1_000_000
        salvaged = salvage(
            content,
            place.name,
            first,
            last,
            durable_elsewhere=durable,
            seeds=seeds,
            sound=partial(_is_sound, path),
            changed=changed,
        )
        durable = max(durable, salvaged.durable)
        kept += [(run.first, run.last) for run in salvaged.runs]
        named.update(_spooled(content, salvaged))
        if not salvaged.is_whole:
            damaged.append((path, content, salvaged))
    kept = lost_records.joined(kept)
    top = max(durable, kept[-1][1] if kept else 0)
    missing = lost_records.without(lost_records.without([(1, top)], kept), lost_records.read(place))
    if not damaged and not missing:
        return None
    spool = place / "spool"
    orphans = [path for path in sorted(spool.iterdir()) if path.name not in named] if spool.is_dir() else []
    return _Damage(place, damaged, missing, orphans)


def _seed_of(path: Path) -> int:
    with mapped(path) as m:
        return frames.seed_of(m)


def _is_sound(path: Path, frame: frames.Frame) -> bool:
    try:
        gather.checked_head(path, frame)
    except DamagedFile:
        return False
    return True


def _spooled(content: bytes, salvaged: Salvage) -> Iterator[str]:
    """Names of the spool files of the records that are whole."""
    for run in salvaged.runs:
        for frame in frames.walk(content, run.start, check=False, first=run.first):
            if frame.offset >= run.end:
                break
            if frame.spooled:
                yield frame.id.hex()


# -- mending ---------------------------------------------------------------------------------------------------------------


def _move(data: Path, damage: _Damage, files: Files) -> Iterator[Moved]:
    """Step 1: copy the damaged bytes; the originals stay in place."""
    target = data / "damaged" / damage.place.name
    files.make_folder(target, levels=2)
    for path, content, salvaged in damage.files:
        for start, end in salvaged.damaged:
            piece = content[start:end]
            name = f"{path.name}.{start}"
            files.replace(target / name, piece)
            yield Moved(name, start, len(piece), hashlib.sha256(piece).hexdigest())
    for path in damage.orphans:
        if not (target / path.name).exists():
            files.link(path, target / path.name)
        with path.open("rb") as h:
            yield Moved(path.name, 0, path.stat().st_size, hashlib.file_digest(h, "sha256").hexdigest())
    files.sync_folder(target)


def _account(data: Path, damage: _Damage, moved: list[Moved], who: Who, now: int, files: Files) -> str:
    """Steps 2 and 3; returns the place of the entry."""
    facts = {
        "act": ACT,
        "person": who.person,
        "duty": who.role,
        "reason": who.reason,
        "journal": damage.place.name,
        "lost": [list(span) for span in damage.lost],
        "moved": [m.plain for m in moved],
    }
    with closing(Writer(data, lambda: now, files, ENTRY_FILE)) as writer:
        writer.event(Event(Type.ENTRY, frames.NO_ID, now, facts=facts))
        writer.flush()
        entry = f"{writer.journal.name}:{writer.journal.number}"
    lost_records.write(damage.place, lost_records.joined(lost_records.read(damage.place) + damage.lost), files)
    return entry


def _swap(path: Path, content: bytes, salvaged: Salvage, files: Files) -> None:
    """Step 4: replace the damaged file. Records without a new file yet are still in it; the next owner of the journal clears the
    spool."""
    for run in reversed(salvaged.runs):
        _write(path.with_name(f"{run.first:016d}.log"), content, run, salvaged, files)
    if not salvaged.runs or salvaged.runs[0].first != int(path.stem):
        files.unlink(path)
    files.sync_folder(path.parent)


def _write(path: Path, content: bytes, run: Run, salvaged: Salvage, files: Files) -> None:
    temporary = path.with_name(f".{path.stem}.repair")
    files.unlink(temporary)
    file = files.open(temporary, create=True)
    try:
        header = frames.encode_file_header(path.parent.name, run.first, salvaged.created, salvaged.seed)
        file.write_at(0, [header, memoryview(content)[run.start : run.end]])
        file.sync()
    finally:
        file.close()
    files.rename(temporary, path)
    files.sync_folder(path.parent)
