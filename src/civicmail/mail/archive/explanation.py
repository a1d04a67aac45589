"""Findings of screening and the rules that they triggered, check by check, for operators (P-17, I1; promise 7). Pure.

Made field by field like envelopes.py: it has no field for a subject, a name, a header address, a link target, or the topic of mail.
The evidence of a finding is its place and length; its mask is shown only for checks whose masks are our own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from civicmail.city.policy.dispositions import UNAVAILABLE, USE_CHECK, Disposition, Facts, FactValue, Finding, disclosable_rules
from civicmail.city.policy.facts import FACTS
from civicmail.mail.archive.records import Capture, Event, Type

PLAIN = frozenset(
    {
        *("read", "policy", "screening", "spf", "dkim", "arc"),  # DMARC names the domain of the From field
        *("clamav", "files", "spam", "nearly", "rspamd", "spamd", "confidential"),
    }
)
"""Checks whose masks are our own words, or a program's, and never words of a message."""
VEILED = frozenset({"message.subject", "from.address", "from.domain", "from.name", "links.hosts", "links.places", "files.sha256"})
"""Facts that are of the content."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding. mask: "" if it would show words of the message; sure: percent."""

    code: str
    part: str
    offset: int
    length: int
    mask: str
    sure: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check. unavailable: why it could not run, "" if it ran; cost: microseconds."""

    check: str
    version: int
    cost: int
    unavailable: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for one recipient, on arrival or later. at: ms of a later decision, 0 on arrival; marks: their names."""

    address: str
    do: str
    rules: tuple[str, ...]
    marks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    at: int


@dataclass(frozen=True, slots=True)
class MessageExplanation:
    """book: the version of the rules by which it was decided, "" where none spoke; again: ms at which it was screened again."""

    uuid: str
    sha256: str
    received: int
    source: str
    book: str
    checks: tuple[CheckResult, ...]
    facts: tuple[tuple[str, str], ...]
    decided: tuple[Decision, ...]
    again: tuple[int, ...]


def explain(capture: Capture, events: Sequence[Event]) -> MessageExplanation:
    """events: about the capture, in any order."""
    later = sorted((e for e in events if e.type == Type.DECIDED), key=lambda e: (e.at, e.journal, e.number))
    findings = [f for f in capture.findings if f.check != USE_CHECK]
    return MessageExplanation(
        capture.uuid,
        capture.sha256.hex(),
        capture.received,
        capture.source.kind,
        next((f.mask for f in findings if (f.check, f.code) == ("policy", "book")), ""),
        tuple(_finding_texts(findings)),
        _facts(capture.facts),
        (*(_decided(capture, d) for d in capture.dispositions), *(d for e in later for d in _since(capture, e))),
        tuple(e.at for e in later),
    )


def _finding_texts(findings: Sequence[Finding]) -> list[CheckResult]:
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    return [
        CheckResult(
            check,
            max(f.version for f in some),
            sum(f.cost for f in some),
            next((f.mask or "away" for f in some if f.code == UNAVAILABLE), ""),
            tuple(_evidence(f) for f in some if f.code != UNAVAILABLE),
        )
        for check, some in by_check.items()
    ]


def _evidence(f: Finding) -> Evidence:
    return Evidence(f.code, f.part, f.offset, f.length, f.mask if f.check in PLAIN else "", f.sure)


def _facts(facts: Facts) -> tuple[tuple[str, str], ...]:
    """In the order in which facts are explained."""
    kept = [name for name in FACTS if name in facts and name not in VEILED and FACTS[name].check != USE_CHECK]
    return tuple((name, _value_text(facts[name])) for name in kept)


def _value_text(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _decided(capture: Capture, d: Disposition) -> Decision:
    named = capture.envelope.recipients
    address = named[d.to].address if d.to < len(named) else ""
    return Decision(address, d.do, disclosable_rules(d.rules), tuple(name for name, _ in d.marks), _facts(d.facts), 0)


def _since(capture: Capture, event: Event) -> list[Decision]:
    facts = event.facts
    rules, marks = disclosable_rules(tuple(facts.get("rules", ()))), tuple(str(m[0]) for m in facts.get("marks", ()))
    named = capture.envelope.recipients
    return [Decision(named[i].address, str(facts.get("do", "")), rules, marks, (), event.at) for i in event.to if i < len(named)]
