"""Reports of dangerous mail: from reporters, late virus signatures and new rules, as incidents (P-31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from civicmail.city.policy.active_rules import RuleSetWatcher
from civicmail.city.policy.rules import RuleSet
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext
from civicmail.mail.pipeline.retrospective import RetrospectiveRules, RetrospectiveScan

FORGET_EVERY = 3_600_000

Clock = Callable[[], int]


def reports(context: JobContext) -> Iterator[Work]:
    """Open a case for mail that people report."""
    from civicmail.desk.incidents.actions import link_openings
    from civicmail.desk.incidents.actions.mail_reports import MailReports

    reader, forgotten = JournalReader(context.data, MailReports(), context.clock), 0

    def work() -> int:
        nonlocal forgotten
        has_more, now = reader.step(), context.clock()
        if not 0 <= now - forgotten < FORGET_EVERY:
            link_openings.delete_old(now)
            forgotten = now
        return has_more

    yield work
    reader.finish()


def late(context: JobContext) -> Iterator[Work]:
    """Scan recent mail again with new virus signatures."""
    scan = RetrospectiveScan(context.data, context.settings.screening.clamd)
    yield lambda: look(scan, context.clock())


def late_rules(context: JobContext) -> Iterator[Work]:
    """Look for recent mail that a new rule would quarantine."""
    rules, watch = RetrospectiveRules(context.data), RuleSetWatcher(context.data, context.clock)
    yield lambda: look_for_rules(rules, watch.rule_set, context.clock())


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
