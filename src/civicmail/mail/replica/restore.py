"""Restore an installation from a copy alone (docs/operate/standby.md).

The order matters: the next epoch is in the copy before anything is read from it, so that what the old installation might still send
is refused; and the new folder is an installation only when its settings file, written last, is there.
"""

from __future__ import annotations

import contextlib
import stat
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.city.guard import guard
from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE, read_error
from civicmail.core.config.load import FILE
from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.lease import Lease
from civicmail.core.disk.tail import Positions, adopt
from civicmail.core.ledger import checkpoints
from civicmail.core.ledger.problems import records_text
from civicmail.core.ledger.sequencer import Sequencer, folder
from civicmail.mail.archive import outstanding_file, rebuild_catalogue, repair, replay
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.layout import FOLDERS
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.replica import contents, copy_folder, epoch
from civicmail.mail.replica.errors import NotACopy

CHUNK = 1 << 20
LET_GO_SECONDS = 20.0
UNSENT = repair.Who("", "", "they had been sealed before they were sent to the second place, and no turn had brought them")
Progress = Callable[[int], None]


@dataclass(slots=True)
class Restored:
    """Result of a restore. epoch: of the new installation; said: the state that the old one reported at the last turn; problems:
    sentences.

    records: in its journals' numbers; entries, root: of its ledger; waiting: copies not delivered yet.
    """

    epoch: int
    reported: dict[str, Any]
    files: int = 0
    records: int = 0
    entries: int = 0
    root: str = ""
    waiting: int = 0
    problems: list[str] = field(default_factory=list)


def restore(
    copy: Path, data: Path, *, now: int, fence: bool = True, files: Files = OS_FILES, progress: Progress | None = None
) -> Restored:
    """Make an installation in `data`, a new or empty folder, and compare it with the state that the old one reported. now: ms.

    fence: False for a drill, whose installation must never accept or deliver mail. Raises NotACopy, LeaseHeld.
    """
    if not copy_folder.is_copy(copy):
        raise NotACopy(f"{copy} is not a copy of an installation.")
    if data.exists() and any(p.name != "lost+found" for p in data.iterdir()):
        raise NotACopy(f"{data} is not empty; nothing was changed. Name a new or an empty folder.")
    with Lease.take(copy / "standby" / "reading"):
        copy_folder.finish_turn(copy, files)
        if not copy_folder.is_complete(copy):
            raise NotACopy(f"{copy} was never complete: the first turn of what was sent there has not ended.")
        _require_plain(copy)
        with _nobody_else(copy, now, files) if fence else contextlib.nullcontext():
            restored = Restored(epoch.read(copy).number, copy_folder.reported_state(copy))
            restored.files = _copy_all(copy, data, files, progress)
            settings = (copy / FILE).read_bytes() if (copy / FILE).exists() else None
    if (data / BACKUP_NAME).exists():
        files.rename(data / BACKUP_NAME, data / DATABASE)
        files.sync_folder(data)
    restored.problems += _people(data, settings)
    until = _make_work(data, restored, now, files)
    if fence:
        _enter(data, restored.epoch, until, now, files)
    if settings is not None:
        files.replace(data / FILE, settings)
    return restored


def _require_plain(copy: Path) -> None:
    """Raise NotACopy if the copy has anything but files and folders: a link would be followed, and a pipe would block."""
    for path in copy_folder.listed(copy):
        if not stat.S_ISREG((copy / path).lstat().st_mode):
            raise NotACopy(f"{copy / path} is no plain file, and no installation puts such a thing there; nothing was made.")


def _people(data: Path, settings: bytes | None) -> list[str]:
    """Problems of the database of people, where it is not on a server."""
    if (data / DATABASE).exists():
        why = read_error(data / DATABASE)
        return [f"The tables of people ({DATABASE}) cannot be read: {why}. Put back another copy before you start."] if why else []
    if guard.is_claimed(data) and not _has_server(settings):
        return [
            f"The copy has no tables of people ({BACKUP_NAME}): nobody would have a mailbox. Put back another copy "
            "before you start."
        ]
    return []


def _has_server(settings: bytes | None) -> bool:
    try:
        return bool(tomllib.loads((settings or b"").decode()).get("database", {}).get("url"))
    except (ValueError, AttributeError):
        return False


def _enter(data: Path, number: int, until: Positions, now: int, files: Files) -> None:
    """Record the last positions of the lost installation: what it did later is unknown, so deliveries of that mail are marked
    `redelivered`."""
    facts = {"act": "restore", "person": "", "duty": "", "reason": "made from a copy", "epoch": number, "until": until}
    write_events(data, [Event(Type.ENTRY, NO_ID, now, facts=facts)], now, files)


@contextlib.contextmanager
def _nobody_else(copy: Path, now: int, files: Files) -> Iterator[None]:
    """Fence the sender of this copy, and wait until it has released the copy: it is notified by the answer to its next message."""
    epoch.begin(copy, now, files)
    end = time.monotonic() + LET_GO_SECONDS
    while True:
        try:
            lock = Lease.take(copy / "standby" / "lock")
            break
        except LeaseHeld:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    with lock:
        yield


def _copy_all(copy: Path, data: Path, files: Files, progress: Progress | None) -> int:
    """Copy everything but the settings, synced; return the number of files. Logs up to their present end: the receiver may continue
    to append."""
    for name in FOLDERS:
        files.make_folder(data / name, levels=name.count("/") + 2)
    data.chmod(0o700)
    durable = journal.durable(copy)
    sizes = _logs(copy)
    sizes |= {p: (copy / p).stat().st_size for p in copy_folder.listed(copy) if p != FILE and not contents.is_log(p)}
    folders: set[Path] = set()
    for count, (path, size) in enumerate(sizes.items(), 1):
        _copy(copy / path, data / path, size, files)
        folders.add((data / path).parent)
        if progress is not None:
            progress(count)
    for name, number in durable.items():
        files.make_folder(journal.folder(data) / name)
        files.replace(journal.folder(data) / name / "durable", number.to_bytes(8, "little"))
    for place in sorted(folders):
        files.sync_folder(place)
    return len(sizes)


def _logs(copy: Path) -> dict[str, int]:
    """Sizes of all logs at a moment at which the ledger did not grow, so that no checkpoint among them is newer than it."""
    ledger = copy / copy_folder.ENTRIES
    while True:
        before = ledger.stat().st_size if ledger.exists() else 0
        sizes = {path: (copy / path).stat().st_size for path in copy_folder.listed(copy) if contents.is_log(path)}
        if before == sizes.get(copy_folder.ENTRIES, 0):
            return sizes


def _copy(source: Path, target: Path, size: int, files: Files) -> None:
    """A file's first `size` bytes, synced; a segment is the same file when both lie on one volume: it never changes."""
    files.make_folder(target.parent, levels=3)
    if source.suffix == ".seg":
        with contextlib.suppress(OSError):
            files.link(source, target)
            return
    file = files.open(target, create=True)
    try:
        with source.open("rb") as h:
            for at in range(0, size, CHUNK):
                file.write_at(at, [h.read(min(CHUNK, size - at))])
        file.sync()
    finally:
        file.close()


def _make_work(data: Path, result: Restored, now: int, files: Files) -> Positions:
    """Rebuild derived data and compare the rest with the report of the old installation; returns {journal: last number}."""
    for gap in repair.account_for_gaps(data, UNSENT, now=now, files=files):
        for first, last in gap.lost:
            text = records_text(first, last, gap.journal)
            result.problems.append(f"The copy has no {text}; entry {gap.entry} says why: {UNSENT.reason}.")
    adopt(data, files=files)
    result.problems += rebuild_catalogue.rebuild(data, now=now, files=files)
    try:
        outstanding_file.current(data)
    except DamagedFile as error:
        result.problems.append(str(error))
        result.problems += replay.rebuild(data, now=now, files=files)
    with Sequencer(data, files) as ledger:
        entries = int(result.reported["entries"])
        result.entries = ledger.size
        if ledger.size < entries:
            result.problems.append(f"The ledger has {ledger.size} entries; the old installation said {entries}.")
        latest = checkpoints.latest(folder(data))
        result.root = latest.root.hex() if latest else ""
        ledger.integrate(now)
    result.waiting = len(list(outstanding_file.current(data).waiting()))
    top = journal.folder(data)
    until = {n: max(journal.read_durable(top / n), journal.read_retired(top / n)) for n in journal.names(data)}
    for name, last in result.reported["records"].items():
        if until.get(name, 0) < last:
            result.problems.append(f"Journal {name} has {until.get(name, 0)} records; the old installation said {last}.")
    result.records = sum(until.values())
    segments = sum(1 for _ in (data / "segments").glob("*/*/*.seg"))
    if segments < int(result.reported["segments"]):
        result.problems.append(f"There are {segments} segments; the old installation said {result.reported['segments']}.")
    return until
