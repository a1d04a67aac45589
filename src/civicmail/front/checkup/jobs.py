"""Check that each worker job runs, and say what stops while it does not."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.core.disk import lease
from civicmail.front.checkup import heartbeats
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation, Level
from civicmail.front.checkup.heartbeats import Beat, Heartbeat
from civicmail.front.checkup.wording import when

MAX_SILENCE_MS = MINUTE
"""ms after which a process that notes nothing is taken to do nothing."""
MAX_FAILURES = 3
MAX_ROUND_MS = HOUR
"""ms after which a round that does not end is reported."""

CONSEQUENCES: dict[str, dict[str, str]] = {
    "search": {"index": "what is new cannot be found"},
    "mail": {
        "seal": "journals grow and are not sealed",
        "extract": "attachments are not read",
        "ocr": "pictures and scans are not read",
        "adopt": "journals of processes that died are not closed",
        "screen": "mail that waits for a part of screening goes on waiting",
        "habits": "nobody notices an account that acts unlike its owner",
        "learn": "what people say of spam is not learnt",
        "link": "a message that came twice counts twice",
    },
    "courier": {"courier": "mail waits and is not delivered"},
    "city": {
        "ledger": "what is new is not in the ledger",
        "returning": "held mail does not go on when it may",
        "kick": "who lost access stays connected by IMAP",
        "entries": "entries do not come into the ledger, and then no content is shown to anybody",
        "deadlines": "access does not begin or end on its day",
        "conduct": "dates of reviews, violations and statements are not kept",
        "doors": "gateways do not hear of every change of access",
        "follow": "sign-ins at mail programs are not counted",
        "alive": "gateways think that the database is away, and stop submission after 15 minutes",
        "compare": "nobody notices an entry that was changed in the database",
        "save": "the second place has no new copy of the database",
        "exports": "exports are not made",
        "feeds": "personnel systems are not asked who left",
        "rule-book": "rules do not begin or end on their day",
        "hits": "hits of rules are not counted",
        "replays": "replays of rules are not made",
        "findings": "findings, notices to senders and digests are not made",
        "notices": "letters of the city do not leave",
        "sending": "what people write on the pages does not leave",
        "pickups": "readers outside are not told of mail that they can pick up",
        "answers": "mailboxes do not answer by themselves",
        "closing": "accounts of people who left are not closed",
        "outside": "other systems do not hear who left",
        "reports": "mail that people report is no case",
        "late-rules": "a new rule does not look at mail that is here already",
        "late": "mail that the virus scanner knows only by now stays where it is",
        "pulls": "copies that are to be pulled back stay in mailboxes",
    },
    "standby": {"replicate": "what is kept is lost with this machine"},
}
"""Process -> job -> consequence while the job does not run, as the end of a sentence."""
CORE = {"courier", "extract", "index", "ledger", "seal"}
"""Jobs without which there is no mail system: they are named before anything has run."""


def jobs(p: Installation) -> Iterator[Finding]:
    """Check each job: a problem a minute after its process stopped, or when it fails repeatedly."""
    for process in CONSEQUENCES:
        beat = heartbeats.read(p.data, process)
        if beat is None:
            yield from _never_ran(p, process)
        elif process == "standby" and not p.settings.archive.standby:
            continue
        elif abs(p.now - beat.at) >= MAX_SILENCE_MS:  # other checks wait for answers: it may be newer than the look
            yield from _stopped(p, beat)
        else:
            yield from _running(p, beat)


def _consequence(process: str, job: str) -> str:
    if job.startswith("hook "):
        return "a program is not told of entries"
    if job == "traces":
        return "no traces of messages are sent"
    if job.startswith("siem "):
        return "a SIEM is not sent security events"
    return CONSEQUENCES[process].get(job, "what it does is not done")


def _never_ran(p: Installation, process: str) -> Iterator[Finding]:
    """Yield findings for a process without a heartbeat. If the lease of its job is held, an older program runs it."""
    for job, consequence in CONSEQUENCES[process].items():
        if job in CORE and not lease.is_held(lease.lease_path(p.data, job)):
            yield Finding(f"job {job}", "not-set-up", f"Nobody does it: {consequence}.", _start(p, process))
        elif job in CORE:
            yield Finding(f"job {job}", "ok", f"Process {lease.holder(lease.lease_path(p.data, job))} does it.")


def _stopped(p: Installation, beat: Heartbeat) -> Iterator[Finding]:
    """A process that has ended, or was stopped, with all that it did."""
    for job in beat.jobs:
        text = f"Nobody does it since {when(beat.at)}: {_consequence(beat.process, job.job)}."
        yield Finding(f"job {job.job}", "problem", text, _start(p, beat.process))


def _running(p: Installation, beat: Heartbeat) -> Iterator[Finding]:
    healthy = 0
    for job in beat.jobs:
        if job.elsewhere:
            continue
        finding = _problem_of(beat, job)
        if finding is None:
            healthy += 1
        else:
            yield finding
    yield Finding(f"worker {beat.process}", "ok", f"Process {beat.pid} does {healthy} of {len(beat.jobs)} jobs.")


def _problem_of(beat: Heartbeat, job: Beat) -> Finding | None:
    """The finding about a job of a running process, or None."""
    since = f" since {when(job.done)}" if job.done else ""
    if job.failures:
        level: Level = "problem" if job.failures > MAX_FAILURES else "warning"
        why = f" ({job.problem})" if job.problem else ""
        text = f"It fails{since}, {job.failures} times in a row{why}: {_consequence(beat.process, job.job)}."
        return Finding(f"job {job.job}", level, text, "The log of the worker says why; it is tried again by itself.")
    if job.job not in ("courier", "replicate") and job.began and beat.at - job.began > MAX_ROUND_MS:
        text = f"One round runs since {when(job.began)}; meanwhile {_consequence(beat.process, job.job)}."
        return Finding(f"job {job.job}", "warning", text, "Wait where it has much to do; else start it anew and report it.")
    return None


def _start(p: Installation, process: str) -> str:
    return f"civicmail run --data {p.data}, or its part alone: civicmail run worker --job {process}"
