"""What `civicmail doctor` looks at. Each check looks, disturbs nobody, and says what to do where something is wrong.

A check is a function of a Patient that gives findings; the ones that are "ok" say what was looked at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from civicmail.city.access import guard
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.settings import Settings
from civicmail.core.disk import files, journal, lease, lost
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.ledger import keys as signing
from civicmail.core.ledger.journal_heads import journal_heads
from civicmail.core.ledger.problems import Problem
from civicmail.core.sandbox import confine, ocr
from civicmail.mail.archive import keyring, masterkey, outstanding_file, segments
from civicmail.mail.replica import epoch
from civicmail.mail.replica import status as standby
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import still
from civicmail.mail.search.extract import PICTURES
from civicmail.mail.search.order import counted
from civicmail.mail.search.reader import Reader

Level = Literal["ok", "warning", "problem"]
MINUTE = 60_000
HOUR = 60 * MINUTE
BEHIND_MOST = 10_000  # records
AHEAD_MOST = 2 * MINUTE
JOBS = {
    "courier": "mail waits and is not delivered",
    "extract": "attachments are not read",
    "index": "what is new cannot be found",
    "ledger": "what is new is not in the ledger",
    "seal": "journals grow and are not sealed",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """check: what was looked at; text: one sentence; do: what a person should do, empty when nothing."""

    check: str
    level: Level
    text: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """A data folder, its settings, and the time in ms."""

    data: Path
    settings: Settings
    now: int


def disk(p: Patient) -> Iterator[Finding]:
    free, least = files.free_bytes(p.data), p.settings.gateway.min_free
    text = f"{_size(free)} are free on the volume of the data folder; below {_size(least)} new mail is told 452."
    if free < least:
        yield Finding("disk", "problem", text, "Free some space or enlarge the volume, now: no mail is taken in.")
    elif free < 3 * least:
        yield Finding("disk", "warning", text, "Free some space or enlarge the volume soon.")
    else:
        yield Finding("disk", "ok", text)
    volume = os.statvfs(p.data)
    if volume.f_files and volume.f_favail < volume.f_files // 50:
        yield Finding("disk", "warning", f"Only {volume.f_favail} more files can be made.", "Make room for more files (inodes).")


def volume(p: Patient) -> Iterator[Finding]:
    if _is_encrypted(p.data.stat().st_dev):
        yield Finding("volume", "ok", "The data folder lies on an encrypted volume.")
        return
    text = "It cannot be seen that the data folder lies on an encrypted volume."
    yield Finding("volume", "warning", text, "Journals, spool and index are not encrypted by us: use LUKS or your provider's.")


def keys(p: Patient) -> Iterator[Finding]:
    try:
        ring = keyring.Keyring(p.data)
        if signing.private(p.data / "keys").public_key().public_bytes_raw() != signing.public(p.data / "keys"):
            again = "Put both back from a backup: checkpoints could not be checked."
            yield Finding("keys", "problem", "keys/ledger.key and keys/ledger.pub do not belong together.", again)
        missing = {segment for _, _, segment in segments.listed(p.data)} - ring.names()
    except CivicmailError as error:
        yield Finding("keys", "problem", str(error), "Put the file back from a backup, or use `civicmail keys recover`.")
        return
    if missing:
        text = f"{len(missing)} segments have no key, the first is {min(missing)}."
        yield Finding("keys", "problem", text, "Put keys/segments back from the newest backup; without the keys nothing is read.")
    if masterkey.is_unfinished(p.data):
        text = "The master key was being rotated, and that has not ended."
        yield Finding("keys", "problem", text, "Stop the worker, then: civicmail keys rotate-master")
    for name in ("master.key", "ledger.key"):
        if (p.data / "keys" / name).stat().st_mode & 0o077:
            yield Finding("keys", "problem", f"Others may read keys/{name}.", f"chmod 600 {p.data / 'keys' / name}")
    yield Finding("keys", "ok", "Master key and ledger key are there.")


def recovery(p: Patient) -> Iterator[Finding]:
    try:
        proved = keyring.is_proved(p.data)
    except CivicmailError as error:
        yield Finding("recovery key", "problem", str(error), "Put keys/recovery.json back from a backup.")
        return
    if proved:
        yield Finding("recovery key", "ok", "An operator has proved to have the recovery key.")
    else:
        text = "Nobody has proved to have the recovery key, so a lost master key would mean a lost archive."
        yield Finding("recovery key", "problem", text, "civicmail keys prove-recovery")


def clock(p: Patient) -> Iterator[Finding]:
    newest, what = 0, ""
    for name in journal.names(p.data):
        for _, path in journal.log_files(journal.folder(p.data) / name)[-1:]:
            newest, what = max((newest, what), (path.stat().st_mtime_ns // 1_000_000, f"journal {name}"))
    latest = checkpoints.latest(sequencer.folder(p.data))
    if latest is not None:
        newest, what = max((newest, what), (latest.at, "the newest checkpoint"))
    if newest > p.now + AHEAD_MOST:
        text = f"The clock says {_when(p.now)}, but {what} was written at {_when(newest)}."
        yield Finding("clock", "problem", text, "Set the clock and keep it by NTP: received times are evidence.")
    elif p.now < 1_735_689_600_000:  # 2025
        yield Finding("clock", "problem", f"The clock says {_when(p.now)}.", "Set the clock and keep it by NTP.")
    else:
        yield Finding("clock", "ok", f"The clock says {_when(p.now)}, and nothing was written later.")


def jobs(p: Patient) -> Iterator[Finding]:
    for job, otherwise in JOBS.items():
        place = lease.lease_path(p.data, job)
        if lease.is_held(place):
            yield Finding(f"job {job}", "ok", f"Process {lease.holder(place)} does it.")
        else:
            yield Finding(f"job {job}", "warning", f"Nobody does it: {otherwise}.", f"civicmail run --data {p.data}")


def attachments(p: Patient) -> Iterator[Finding]:
    there = confine.in_force()
    missing = [name for name in ("Landlock", "seccomp") if name.lower() not in there]
    if missing:
        text = f"Attachments are read in processes that are limited less than they could be: no {' and no '.join(missing)} here."
        yield Finding("attachments", "warning", text, "Use a kernel that has both (Linux 5.13 or newer).")
    else:
        yield Finding("attachments", "ok", "Attachments are read in processes without network, files and programs.")
    try:
        reader = Reader(p.data)
    except LaterError:
        return
    scans = sum(counted(searcher, still(PICTURES)) for searcher in reader.searchers())
    if scans and ocr.found(p.settings.search.ocr_languages) is None:
        text = f"{scans} captures have scans that nobody reads: there is no tesseract with {p.settings.search.ocr_languages}."
        yield Finding("scans", "warning", text, "Install tesseract-ocr and its languages, or correct [search] ocr_languages.")
    else:
        yield Finding("scans", "ok", f"{scans} captures have scans that wait to be read.")


def lag(p: Patient) -> Iterator[Finding]:
    for job, what in (("index", coverage.covered), ("ledger", sequencer.positions)):
        try:
            behind = _behind(p.data, what(p.data))
        except CivicmailError as error:
            yield Finding(f"{job} lag", "problem", str(error), "civicmail verify")
            continue
        text = f"{behind} durable records are not in it yet."
        held = lease.is_held(lease.lease_path(p.data, job))
        if behind == 0 or (held and behind <= BEHIND_MOST):
            yield Finding(f"{job} lag", "ok", text)
        elif held:
            yield Finding(f"{job} lag", "warning", text, "Wait while an import is running; else look at the worker's log.")
        else:
            yield Finding(f"{job} lag", "problem" if behind > BEHIND_MOST else "warning", text, f"civicmail run --data {p.data}")


def checkpoint(p: Patient) -> Iterator[Finding]:
    latest = checkpoints.latest(sequencer.folder(p.data))
    if latest is None:
        yield Finding("checkpoint", "ok", "No checkpoint has been signed yet.")
        return
    text = f"The newest checkpoint covers {latest.size} entries and was signed at {_when(latest.at)}."
    if p.now - latest.at > max(2000 * p.settings.archive.checkpoint_every, HOUR):
        yield Finding("checkpoint", "warning", text, "Newer mail cannot be proved yet: is the ledger job running?")
    else:
        yield Finding("checkpoint", "ok", text)


def outstanding(p: Patient) -> Iterator[Finding]:
    try:
        waiting = list(outstanding_file.current(p.data).waiting())
    except CivicmailError as error:
        yield Finding("outstanding", "problem", str(error), f"Stop what runs, then: civicmail rebuild outstanding --data {p.data}")
        return
    if not waiting:
        yield Finding("outstanding", "ok", "No recipient waits for mail.")
        return
    oldest = min(waiting, key=lambda e: e.received)
    age = p.now - oldest.received
    text = f"{len(waiting)} messages have recipients that wait; the oldest, {oldest.uuid}, since {age // MINUTE} minutes."
    if age > 4 * HOUR:
        yield Finding("outstanding", "problem", text, "civicmail queue list says what their next hops answered.")
    elif age > 15 * MINUTE:
        yield Finding("outstanding", "warning", text, "civicmail queue list says what their next hops answered.")
    else:
        yield Finding("outstanding", "ok", text)


def journals(p: Patient) -> Iterator[Finding]:
    found: list[Problem] = []
    count = sum(1 for _ in journal_heads(p.data, found.append))
    for problem in found:
        gone = lost.read(journal.folder(p.data) / problem.journal) if problem.journal else []
        if problem.last and not lost.without([(problem.number, problem.last)], gone):
            yield Finding("journals", "warning", problem.text, "Nothing: an entry accounts for it, `civicmail verify` names it.")
            continue
        do = "Stop what runs, copy the data folder away, restore the file, or else: civicmail repair journal --reason TEXT"
        yield Finding("journals", "problem", problem.text, do)
    size = sum(path.stat().st_size for path in (p.data / "journal").glob("*/*.log"))
    text = f"{count} records in {_size(size)} of journals are not sealed."
    if size > 4 * p.settings.archive.unsealed_most:
        yield Finding("journals", "warning", text, "Is the seal job running, and do index and ledger keep up?")
    elif not found:
        yield Finding("journals", "ok", text)


def claimed(p: Patient) -> Iterator[Finding]:
    if guard.is_claimed(p.data):
        yield Finding("access", "ok", "The installation is claimed: content needs a person, a duty and a reason.")
    else:
        text = "The installation is unclaimed: the owner of the data folder may read all mail, and any local part is accepted."
        yield Finding("access", "warning", text, "Grant the first duty before real mail arrives.")


def second_place(p: Patient) -> Iterator[Finding]:
    archive = p.settings.archive
    if epoch.is_fenced(p.data):
        text = "Another installation was made from the copy: this one may not take in or deliver mail any more."
        yield Finding("standby", "problem", text, "Leave it off; docs/operate/standby.md says how to use the machine again.")
        return
    if not archive.standby:
        text = "There is no second place: what is kept is lost with this machine."
        yield Finding("standby", "warning", text, "Name one: civicmail config explain archive.standby")
        return
    said = standby.read(p.data)
    lag = standby.lag_ms(p.data, said, p.now)
    why = f" {said.error}" if said and said.error else ""
    if lag is None or lag > standby.ALARM_MS:
        much = "everything" if lag is None else f"at most {lag / 1000:.0f} seconds of mail"
        text = f"With this machine {much} would be lost.{why}"
        yield Finding("standby", "problem", text, f"civicmail standby status --data {p.data}")
    else:
        yield Finding("standby", "ok", f"The second place is {lag / 1000:.1f} seconds behind.")


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    disk, volume, keys, recovery, clock, jobs, attachments, lag, checkpoint, outstanding, journals, second_place, claimed,
)  # fmt: skip


def examine(patient: Patient) -> Iterator[Finding]:
    """Every check in turn. One that fails itself is a finding, so that the others are still made."""
    for check in CHECKS:
        try:
            yield from check(patient)
        except (CivicmailError, OSError) as error:
            yield Finding(check.__name__, "problem", f"This could not be checked: {error}", "civicmail verify")


def _behind(data: Path, positions: Mapping[str, int]) -> int:
    top = journal.folder(data)
    return sum(max(0, journal.read_durable(top / n) - positions.get(n, 0)) for n in journal.names(data))


def _is_encrypted(device: int) -> bool:
    """Whether a block device, or one that it is made of, is dm-crypt: its UUID begins with CRYPT-."""
    places = [Path("/sys/dev/block") / f"{os.major(device)}:{os.minor(device)}"]
    while places:
        place = places.pop()
        try:
            if (place / "dm" / "uuid").read_text().startswith("CRYPT-"):
                return True
        except OSError:
            pass
        if (place / "slaves").is_dir():
            places += (place / "slaves").iterdir()
    return False


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def _when(ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ms // 1000))
