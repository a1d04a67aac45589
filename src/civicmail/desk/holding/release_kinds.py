"""Who may let a copy go, by what the rules that keep it have asked about. Pure; knows no Django.

    spam           whoever reads the mailbox says that it is none
    asked          whoever it is for says that they asked for it (a rule whose review is `recipient`)
    confidential   a privacy officer
    malware        two security officers
    other          a security officer, who is asked with a reason
    elsewhere      files the department's manager alone (P-22), mail of a contained account with that: not asked for here

Of several rules the strictest counts. A rule that is not in the book any more, and a part that was missing, ask for an officer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, Literal

from civicmail.city.policy.dispositions import disclosable_rules
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.mail.pipeline.release_copies import FILES, MALWARE, SPAM

Kind = Literal["spam", "asked", "other", "confidential", "malware", "elsewhere"]

RECIPIENT_REVIEW: Final = "recipient"
"""The review of a rule about which the recipient decides."""
OWN_KINDS: Final = frozenset({"spam", "asked"})
"""Kinds that whoever it is for lets go alone."""
REQUEST_KINDS: Final = frozenset({"other", "confidential", "malware"})
"""Kinds for which somebody has to be asked."""
_ORDER: Final[tuple[Kind, ...]] = ("spam", "asked", "other", "confidential", "malware", "elsewhere")
CONTAINED: Final = "contained"
"""How records name what is held because an account acts unlike its owner (mail/pipeline/containment_decisions.py)."""
DECIDED_BY: Final[dict[Kind, str]] = {
    "spam": "its reader, or a security officer",
    "asked": "whoever it is for",
    "other": "a security officer, who is asked",
    "confidential": "a privacy officer, who is asked",
    "malware": "two security officers, who are asked",
    "elsewhere": "the department's manager",
}
"""Who lets go what is kept back, in the words of a list."""
CONTAINED_DECIDED_BY: Final = "whoever releases the account"
_IDENTITY_CHECKS: Final = frozenset({"", "known"})
"""Checks that say who it is from, and never what is wrong with it."""
_BY_CHECK: Final[tuple[tuple[Kind, frozenset[str]], ...]] = (
    ("elsewhere", frozenset({"leaving"})),
    ("malware", MALWARE),
    ("confidential", frozenset({"confidential"})),
)
NO_EFFECT_PREFIXES: Final = ("notify:", "shadow:", "forecast:")
"""How rules are named that do nothing to a copy."""


def kind_of(rules: Iterable[str], book: RuleSet) -> Kind:
    """rules: of a disposition, as records name them. Of a copy of which nothing is known an officer decides."""
    held_kinds = [_rule_kind(name, book.rule(name)) for name in holding_rules(rules, book)]
    return max(held_kinds, key=_ORDER.index, default="other")


def strictest(kinds: Collection[Kind]) -> Kind:
    """Of several copies that are let go together; "other" of none."""
    return max(kinds, key=_ORDER.index, default="other")


def holding_rules(rules: Iterable[str], book: RuleSet) -> tuple[str, ...]:
    """Those that keep a copy back: no marks, nothing that is only told."""
    holding = []
    for name in disclosable_rules(tuple(rules)):
        rule = book.rule(name)
        if not name.startswith(NO_EFFECT_PREFIXES) and (rule is None or rule.do in ("hold", "quarantine", "refuse")):
            holding.append(name)
    return tuple(holding)


def decided_by(rules: Iterable[str], book: RuleSet) -> str:
    """Who lets it go, in words; rules as of kind_of."""
    names = tuple(rules)
    return CONTAINED_DECIDED_BY if CONTAINED in names else DECIDED_BY[kind_of(names, book)]


def ignored_checks(kind: str) -> frozenset[str]:
    """The checks whose findings are put aside when such a copy is let go."""
    return SPAM | FILES if kind == "malware" else SPAM


def _rule_kind(name: str, rule: Rule | None) -> Kind:
    if name == CONTAINED:
        return "elsewhere"
    if rule is None:
        return "other"
    if rule.review == RECIPIENT_REVIEW:
        return "asked"
    checks = {FACTS[fact].check for fact in rule.condition.names} - _IDENTITY_CHECKS
    for kind, kind_checks in _BY_CHECK:
        if checks & kind_checks:
            return kind
    return "spam" if checks and checks <= SPAM else "other"
