"""The decisions on one message, for anyone with its number: without its content and addresses. Without Django.

The number is the capture id. The server's reply has it for the sender, and a warning banner shows it to the reader. 74 of its bits
are random, so that it cannot be guessed (RFC 9562 5.7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import disclosable_rules
from civicmail.city.policy.rules import RuleSet
from civicmail.city.snapshot.sender_refusals import CLAUSE, REFUSALS
from civicmail.core.config.sentence import sentence
from civicmail.mail.archive.records import Capture, Event, Type

Outcome = Literal["refused", "held", "quarantined", "marked", "waiting", "released"]
_OUTCOMES: dict[str, Outcome] = {
    "refuse": "refused",
    "hold": "held",
    "quarantine": "quarantined",
    "pending": "waiting",
    "mark": "marked",
}
_MAIL_OFFICE = sentence("the mail office")
_RANK = ("mark", "pending", "hold", "quarantine", "refuse")


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule. rule: its id; words: for the sender; clause: "P-25"; ask: contact."""

    rule: str
    words: str
    clause: str
    ask: str


@dataclass(frozen=True, slots=True)
class Decision:
    """what: done with every copy, or with more; at: ms of the receipt; reasons: of the rules that led to it."""

    what: Outcome
    at: int
    reasons: tuple[Reason, ...]


def decision(capture: Capture, events: Sequence[Event], book: RuleSet) -> Decision | None:
    """None if there is nothing to appeal: delivered mail, record copies, mailboxes that wait for a reader.

    A recipient has the number, too, and must not learn from it about other recipients or their copies (promise 4), so only
    decisions on all copies alike are given."""
    copies = [
        (do, rules) for do, rules in _last_decisions(capture, events) if do != "kept" and rule_keys.PASS_ELSEWHERE not in rules
    ]
    if not copies or any(do not in _RANK for do, _ in copies):
        return None
    reasons = _reasons(_common_rules([rules for _, rules in copies]), book)
    if not reasons:
        return None
    mildest = min((do for do, _ in copies), key=_RANK.index)
    released = mildest not in ("refuse", "mark") and any(e.type == Type.RELEASED for e in events)
    return Decision("released" if released else _OUTCOMES[mildest], capture.received, tuple(reasons))


def _last_decisions(capture: Capture, events: Sequence[Event]) -> list[tuple[str, tuple[str, ...]]]:
    """The last decision of rules on each copy, with the rules. What a person overrode is no decision of rules."""
    decisions = {d.to: (str(d.do), d.rules) for d in capture.dispositions}
    for event in sorted(events, key=lambda e: (e.at, e.journal, e.number)):
        if event.type == Type.DECIDED and "aside" not in event.facts:
            decisions |= {to: (event.facts["do"], tuple(event.facts["rules"])) for to in event.to if to in decisions}
    return list(decisions.values())


def _common_rules(rules: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Rules that led to every copy, in their order."""
    return tuple(name for name in dict.fromkeys(rules[0]) if all(name in other_rules for other_rules in rules[1:]))


def _reasons(rules: tuple[str, ...], book: RuleSet) -> list[Reason]:
    reasons = []
    for name in disclosable_rules(rules):  # a rule in shadow, or one that only notifies, has another name there
        if (rule := book.rule(name)) is not None:
            reasons.append(Reason(name, rule.sender or rule.reader, rule.clause, rule.ask))
        elif name in REFUSALS:
            reasons.append(Reason(name, f"{REFUSALS[name]}.", CLAUSE, _MAIL_OFFICE))
    return reasons
