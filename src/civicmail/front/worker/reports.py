"""Reports of dangerous mail: from reporters, late virus signatures and new rules, as incidents (P-31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from civicmail.city.policy.active_rules import RuleSetWatcher
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.settings import Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.job_loop import Job, Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.people_jobs import Prepare, connected
from civicmail.mail.pipeline.retrospective import RetrospectiveRules, RetrospectiveScan

LEASE, LATE, LATE_RULES = "reports", "late", "late-rules"
EVERY = 1.0
LATE_EVERY = 60.0
RULES_EVERY = 15.0
FORGET_EVERY = 3_600_000

Clock = Callable[[], int]


def jobs(settings: Settings, data: Path, prepare: Prepare, clock: Clock) -> list[Job]:
    """Django is started; prepare is called before a job begins."""
    jobs_ = [
        Job("reports", lambda: _follow(data, prepare, clock), EVERY, lease=LEASE),
        Job("late-rules", lambda: _late_rules(data, prepare, clock), RULES_EVERY, lease=LATE_RULES),
    ]
    if settings.screening.clamd:
        jobs_.append(Job("late", lambda: _late(settings, data, prepare, clock), LATE_EVERY, lease=LATE))
    return jobs_


def one_round(data: Path, clock: Clock) -> int:
    """Once what the job does all the time; how many journals had something. Raises LeaseHeld, LaterError."""
    from civicmail.desk.incidents.actions import link_openings
    from civicmail.desk.incidents.actions.mail_reports import MailReports

    with connected(), Lease.take(lease_path(data, LEASE)):
        rounds = JournalReader(data, MailReports(), clock).all()
        link_openings.delete_old(clock())
        return rounds


@contextmanager
def _follow(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.incidents.actions import link_openings
    from civicmail.desk.incidents.actions.mail_reports import MailReports

    prepare()
    with connected():
        listening, forgotten = JournalReader(data, MailReports(), clock), 0

        def work() -> bool:
            nonlocal forgotten
            has_more, now = listening.step(), clock()
            if not 0 <= now - forgotten < FORGET_EVERY:
                link_openings.delete_old(now)
                forgotten = now
            return has_more

        yield work


@contextmanager
def _late(settings: Settings, data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    prepare()
    with connected():
        late = RetrospectiveScan(data, settings.screening.clamd)
        yield lambda: look(late, clock())


@contextmanager
def _late_rules(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    prepare()
    with connected():
        rules, watch = RetrospectiveRules(data), RuleSetWatcher(data, clock)
        yield lambda: look_for_rules(rules, watch.rule_set, clock())


def look_for_rules(rules: RetrospectiveRules, book: RuleSet, now: int) -> bool:
    """Find recent mail that a new rule would quarantine. Returns whether there is more to check."""
    for id_, rule in rules.step(book, now):
        _propose(id_, f"The rule {rule} stops it by now.", now)
    rules.done()
    return rules.is_more


def look(late: RetrospectiveScan, now: int) -> bool:
    """Scan some mail of the last days again; whether there is more to scan."""
    for id_, name in late.step(now):
        _propose(id_, f"The virus scanner knows {name} in it by now.", now)
    return late.is_more


def _propose(id_: bytes, why: str, now: int) -> None:
    from civicmail.desk.incidents import queries
    from civicmail.desk.incidents.actions import reporting

    if (marks := queries.marks_of(id_)) is not None:
        reporting.propose(str(UUID(bytes=id_)), marks, why, now=now)
