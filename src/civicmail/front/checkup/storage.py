"""Check the archive: lag of index and ledger, audit log, checkpoints, journals, standby and backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from civicmail.city.guard import comparison_result, guard
from civicmail.core.config.errors import CivicmailError
from civicmail.core.disk import journal, lease, lost_records
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.ledger.journal_heads import journal_heads
from civicmail.core.ledger.problems import Problem
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation
from civicmail.front.checkup.wording import size, when
from civicmail.mail.archive.reading import Archive
from civicmail.mail.replica import epoch
from civicmail.mail.replica import status as standby
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import searchable
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.reader import Reader

MAX_RECORDS_BEHIND = 10_000  # records
MAX_DELAY_MS = MINUTE
MAX_COMPARISON_AGE_MS = 2 * HOUR


def index(p: Installation) -> Iterator[Finding]:
    """Whether the search index can be opened, and has what it says that it has read: else nothing is found, or not all of it."""
    do = f"civicmail rebuild index --data {p.data}; nothing is lost, it is made of what is kept."
    try:  # in this order, for mail comes in meanwhile: what is there now was read, or is behind, when the index is looked at
        archived, behind = Archive(p.data).count(), records_behind(p.data, coverage.covered(p.data))
        indexed = searchable(Reader(p.data))
    except NotIndexed:
        return  # what is behind is said by others
    except DamagedIndex as error:
        yield Finding("index", "problem", f"The search index is damaged: {str(error).partition('; run')[0]}.", do)
        return
    if indexed + behind < archived and not coverage.is_rebuild_requested(p.data):
        text = f"The search index has {indexed} of {archived} captures, and says that it has read all but {behind}."
        yield Finding("index", "problem", text, f"{do} `civicmail verify` names what of it cannot be read.")
    else:
        yield Finding("index", "ok", f"The search index can be opened, and has {indexed} of {archived} captures.")


def lag(p: Installation) -> Iterator[Finding]:
    """Check how many durable records index and ledger lack; few are fine while their job runs."""
    for job, what in (("index", coverage.covered), ("ledger", sequencer.positions)):
        try:
            behind = records_behind(p.data, what(p.data))
        except CivicmailError as error:
            yield Finding(f"{job} lag", "problem", str(error), "civicmail verify")
            continue
        text = f"{behind} durable records are not in it yet."
        held = lease.is_held(lease.lease_path(p.data, job))
        if job == "index" and coverage.is_paused(p.data):
            text = f"The search index rests, because too little is free on its volume: {text}"
            yield Finding(f"{job} lag", "problem", text, "Free some space or enlarge the volume; it goes on by itself.")
            continue
        if behind == 0 or (held and behind <= MAX_RECORDS_BEHIND):
            yield Finding(f"{job} lag", "ok", text)
        elif held:
            yield Finding(f"{job} lag", "warning", text, "Wait while an import is running; else look at the worker's log.")
        else:
            yield Finding(
                f"{job} lag", "problem" if behind > MAX_RECORDS_BEHIND else "warning", text, f"civicmail run --data {p.data}"
            )


def delay(p: Installation) -> Iterator[Finding]:
    """The newest mail is the canary: how long the oldest record that is not there yet has waited."""
    for job, what, may in (("index", coverage.covered, "be found"), ("ledger", sequencer.positions, "be proved")):
        try:
            times = waiting_since(p.data, what(p.data))
        except CivicmailError as error:
            yield Finding(f"{job} delay", "problem", str(error), "civicmail verify")
            continue
        known = [at for at in times if at]
        waited = max(0, p.now - min(known, default=p.now))
        text = f"The oldest message or event that cannot {may} yet has waited {waited / 1000:.1f} seconds."
        if waited > MAX_DELAY_MS:
            do = "Wait while an import is running; else look at the worker's log, or start it: civicmail run"
            yield Finding(f"{job} delay", "problem" if waited > 10 * MAX_DELAY_MS else "warning", text, do)
        elif known:
            yield Finding(f"{job} delay", "ok", text)
        else:
            yield Finding(
                f"{job} delay", "ok", f"All mail that came in can {may}." if not times else "Imported mail is being read."
            )


def entries(p: Installation) -> Iterator[Finding]:
    """Whether the table of entries is what the journals say: no look was removed, changed or invented in the database."""
    last = comparison_result.read(p.data)
    if last is None:
        if guard.is_claimed(p.data):
            text = "Entries of people were never compared with the journals."
            yield Finding("audit log", "warning", text, f"civicmail run --data {p.data}")
        return
    text = f"{last.entries} entries were compared with the journals at {when(last.at)}"
    if last.count:
        text = f"{text}: {last.count} are not what these say. {last.differences[0].text}"
        do = "Somebody has written to the database: copy it away, look at the page Audit log, and call civicmail verify."
        yield Finding("audit log", "problem", text, do)
    elif abs(p.now - last.at) >= MAX_COMPARISON_AGE_MS:
        yield Finding("audit log", "warning", f"{text}, and not since.", "Is the job compare running?")
    else:
        yield Finding("audit log", "ok", f"{text}, and are what these say.")


def checkpoint(p: Installation) -> Iterator[Finding]:
    """Whether the newest checkpoint is no older than two of its intervals, or than an hour where that is more."""
    latest = checkpoints.latest(sequencer.folder(p.data))
    if latest is None:
        yield Finding("checkpoint", "ok", "No checkpoint has been signed yet; the first comes with the first mail.")
        return
    text = f"The newest checkpoint covers {latest.size} entries and was signed at {when(latest.at)}."
    if p.now - latest.at > max(2000 * p.settings.archive.checkpoint_every, HOUR):
        yield Finding("checkpoint", "warning", text, "Newer mail cannot be proved yet: is the ledger job running?")
    else:
        yield Finding("checkpoint", "ok", text)


def journals(p: Installation) -> Iterator[Finding]:
    """Check that the journals are undamaged and are sealed before they grow to four times the limit."""
    problems: list[Problem] = []
    count = sum(1 for _ in journal_heads(p.data, problems.append))
    for problem in problems:
        lost_ranges = lost_records.read(journal.folder(p.data) / problem.journal) if problem.journal else []
        if problem.last and not lost_records.without([(problem.number, problem.last)], lost_ranges):
            yield Finding("journals", "warning", problem.text, "Nothing: an entry accounts for it, `civicmail verify` names it.")
            continue
        do = "Stop what runs, copy the data folder away, restore the file, or else: civicmail repair journal --reason TEXT"
        yield Finding("journals", "problem", problem.text, do)
    bytes_ = sum(path.stat().st_size for path in (p.data / "journal").glob("*/*.log"))
    text = f"{count} records in {size(bytes_)} of journals are not sealed."
    if bytes_ > 4 * p.settings.archive.unsealed_most:
        yield Finding("journals", "warning", text, "Is the seal job running, and do index and ledger keep up?")
    elif not problems:
        yield Finding("journals", "ok", text)


def standby_lag(p: Installation) -> Iterator[Finding]:
    """How far the second place is behind: five seconds are a problem. Without one nothing is behind."""
    archive = p.settings.archive
    if epoch.is_fenced(p.data):
        text = "Another installation was made from the copy: this one may not take in or deliver mail any more."
        yield Finding("standby", "problem", text, "Leave it off; docs/operate/standby.md says how to use the machine again.")
        return
    if not archive.standby:
        text = "There is no second place: what is kept is lost with this machine."
        yield Finding("standby", "not-set-up", text, "Name one: civicmail config explain archive.standby")
        return
    status = standby.read(p.data)
    lag = standby.lag_ms(p.data, status, p.now)
    why = f" {status.error}" if status and status.error else ""
    if lag is None or lag > standby.ALARM_MS:
        much = "everything" if lag is None else f"at most {lag / 1000:.0f} seconds of mail"
        text = f"With this machine {much} would be lost.{why}"
        yield Finding("standby", "problem", text, f"civicmail standby status --data {p.data}")
    elif why and status and p.now - status.level_at > standby.ALARM_MS:
        text = f"The second place is away since {when(status.level_at)}; what comes from now on is here alone.{why}"
        yield Finding("standby", "problem", text, f"civicmail standby status --data {p.data}")
    else:
        yield Finding("standby", "ok", f"The second place is {lag / 1000:.1f} seconds behind.")


def backup(p: Installation) -> Iterator[Finding]:
    """How old the newest backup is, by the file that the backup program touches at its end."""
    archive = p.settings.archive
    if not archive.backup:
        text = "Nobody says when the last backup was made, so one that fails every night is not noticed."
        yield Finding(
            "backup", "not-set-up", text, "Let your backup touch a file at its end: civicmail config explain archive.backup"
        )
        return
    try:
        made = Path(archive.backup).stat().st_mtime_ns // 1_000_000
    except OSError as error:
        text = f"{archive.backup} cannot be looked at ({(error.strerror or 'no answer').lower()}), so no backup has ended."
        yield Finding("backup", "problem", text, "Make a backup, and let it touch this file at its end.")
        return
    text = f"The newest backup ended at {when(made)}."
    if p.now - made > archive.backup_hours * HOUR:
        yield Finding(
            "backup", "problem", text, f"It should be no older than {archive.backup_hours} hours: see why none has ended."
        )
    else:
        yield Finding("backup", "ok", text)


def records_behind(data: Path, positions: Mapping[str, int]) -> int:
    """How many durable records are behind these positions."""
    top = journal.folder(data)
    return sum(max(0, journal.read_durable(top / n) - positions.get(n, 0)) for n in journal.names(data))


def waiting_since(data: Path, positions: Mapping[str, int]) -> list[int]:
    """ms at which the first record of each journal behind these positions was written, 0 where it does not say (an imported
    message). Bodies are not read."""
    heads = [orjson.loads(record.head) for record in Tail(data, positions, bodies=False).poll(limit=1)]
    return [head["at"] if "at" in head else head["received"] if head["basis"] == "clock" else 0 for head in heads]
