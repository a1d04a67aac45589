"""Who may release a copy, by the facts that the holding rules depend on. Pure; without Django.

    spam           the reader of the mailbox
    asked          the recipient confirms that they expected it (a rule whose review is `recipient`)
    confidential   a privacy officer
    malware        two security officers
    other          a security officer, on request
    elsewhere      files: the department's manager (P-22); a contained account: the officer who releases it

The strictest of several rules counts. A rule that is no longer in the rule set, and a check that was unavailable, need an officer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, Literal

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import disclosable_rules
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.mail.pipeline.release_copies import FILES, MALWARE, SPAM

Kind = Literal["spam", "asked", "other", "confidential", "malware", "elsewhere"]

RECIPIENT_REVIEW: Final = "recipient"
"""The review of a rule about which the recipient decides."""
OWN_KINDS: Final = frozenset({"spam", "asked"})
"""Kinds that the recipient may release alone."""
REQUEST_KINDS: Final = frozenset({"other", "confidential", "malware"})
"""Kinds that need a release request."""
_ORDER: Final[tuple[Kind, ...]] = ("spam", "asked", "other", "confidential", "malware", "elsewhere")
DECIDED_BY: Final[dict[Kind, str]] = {
    "spam": "its reader, or a security officer",
    "asked": "whoever it is for",
    "other": "a security officer, who is asked",
    "confidential": "a privacy officer, who is asked",
    "malware": "two security officers, who are asked",
    "elsewhere": "the department's manager",
}
"""Who may release it, in the words of the list."""
CONTAINED_DECIDED_BY: Final = "whoever releases the account"
_IDENTITY_CHECKS: Final = frozenset({"", "known"})
"""Checks that identify the sender and never find a problem."""
_BY_CHECK: Final[tuple[tuple[Kind, frozenset[str]], ...]] = (
    ("elsewhere", frozenset({"leaving"})),
    ("malware", MALWARE),
    ("confidential", frozenset({"confidential"})),
)


def kind_of(rules: Iterable[str], book: RuleSet) -> Kind:
    """The kind of release for the rules of a disposition, as records name them. A copy without known rules needs an officer."""
    held_kinds = [_rule_kind(name, book.rule(name)) for name in holding_rules(rules, book)]
    return max(held_kinds, key=_ORDER.index, default="other")


def strictest(kinds: Collection[Kind]) -> Kind:
    """The strictest kind of several copies that are released together; "other" for none."""
    return max(kinds, key=_ORDER.index, default="other")


def holding_rules(rules: Iterable[str], book: RuleSet) -> tuple[str, ...]:
    """Rules that hold a copy: no warning banners, nothing that only notifies."""
    holding = []
    for name in disclosable_rules(tuple(rules)):
        rule = book.rule(name)
        if not name.startswith(rule_keys.NO_EFFECT) and (rule is None or rule.do in ("hold", "quarantine", "refuse")):
            holding.append(name)
    return tuple(holding)


def decided_by(rules: Iterable[str], book: RuleSet) -> str:
    """Who may release it, in words; rules as in kind_of."""
    names = tuple(rules)
    return CONTAINED_DECIDED_BY if rule_keys.CONTAINED in names else DECIDED_BY[kind_of(names, book)]


def ignored_checks(kind: str) -> frozenset[str]:
    """Checks whose findings are overridden when such a copy is released."""
    return SPAM | FILES if kind == "malware" else SPAM


def _rule_kind(name: str, rule: Rule | None) -> Kind:
    if name == rule_keys.CONTAINED:
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
