"""Reports added up: who sends in the name of our domains, and what of it passes. Pure. The same report twice counts once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from civicmail.mail.screening.domains import a_labels, is_within
from civicmail.mail.screening.reports.shapes import Aggregate, Report, Tls

Key = tuple[str, str, str, int]


@dataclass(slots=True)
class Sender:
    """Messages from one address in the name of one of our domains. signed: who else signed them."""

    domain: str
    address: str
    passed: int = 0
    failed: int = 0
    refused: int = 0
    signed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Sessions:
    """TLS sessions to one of our domains."""

    domain: str
    good: int = 0
    bad: int = 0
    kinds: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Summary:
    """begin, end: seconds since 1970, of all reports; reporters: their authors; others: messages and sessions of domains that are
    not ours."""

    reports: int = 0
    begin: int = 0
    end: int = 0
    reporters: set[str] = field(default_factory=set)
    senders: dict[tuple[str, str], Sender] = field(default_factory=dict)
    sessions: dict[str, Sessions] = field(default_factory=dict)
    others: int = 0
    seen: set[Key] = field(default_factory=set)

    def worst(self) -> list[Sender]:
        """Those whose mail fails first, the most of it at the top."""
        return sorted(self.senders.values(), key=lambda one: (-one.failed, -one.passed, one.domain, one.address))


def summed(reports: Iterable[Report], domains: Collection[str]) -> Summary:
    """Sum the reports up. domains: ours (A-labels); data about other domains is only counted, because anybody may send anything as
    a report."""
    summary = Summary()
    for report in reports:
        key = key_of(report)
        if key in summary.seen:
            continue
        summary.seen.add(key)
        summary.reports += 1
        summary.reporters.add(report.reporter)
        summary.begin = min(filter(None, (summary.begin, report.begin)), default=0)
        summary.end = max(summary.end, report.end)
        add(summary, report, domains)
    return summary


def key_of(report: Report) -> Key:
    """By which a report is known again."""
    return report.reporter, report.id, report.domain if isinstance(report, Aggregate) else "", report.begin


def add(summary: Summary, report: Report, domains: Collection[str]) -> None:
    """Its messages and sessions."""
    ours = tuple(domains)
    if isinstance(report, Tls):
        _tls(summary, report, ours)
    else:
        _senders(summary, report, ours)


def _senders(summary: Summary, report: Aggregate, ours: tuple[str, ...]) -> None:
    for source in report.sources:
        author = source.author or report.domain
        if not _is_ours(author, ours):
            summary.others += source.count
            continue
        sender = summary.senders.setdefault((author, source.address), Sender(author, source.address))
        if source.passed:
            sender.passed += source.count
        else:
            sender.failed += source.count
        if source.did in ("reject", "quarantine"):
            sender.refused += source.count
        sender.signed |= set(source.signed)


def _tls(summary: Summary, report: Tls, ours: tuple[str, ...]) -> None:
    for policy in report.policies:
        if not _is_ours(policy.domain, ours):
            summary.others += policy.good + policy.bad
            continue
        sessions = summary.sessions.setdefault(policy.domain, Sessions(policy.domain))
        sessions.good += policy.good
        sessions.bad += policy.bad
        for failure in policy.failures:
            sessions.kinds[failure.kind] = sessions.kinds.get(failure.kind, 0) + failure.count


def _is_ours(domain: str, ours: tuple[str, ...]) -> bool:
    plain = a_labels(domain)
    return any(is_within(plain, one) for one in ours)
