"""The checks that the active rules need. Pure."""

from __future__ import annotations

from civicmail.city.policy.cel.condition import read
from civicmail.city.policy.cel.tree import Chain, Name, Node, Not
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rules import RuleSet


def is_needed_for_inbound(book: RuleSet, check: str) -> bool:
    """Whether a rule may use a fact of this check for mail from outside."""
    facts = {name for name, fact in FACTS.items() if fact.check == check}
    return any(rule.condition.names & facts and not _excludes_inbound(read(rule.when)) for rule in book.rules)


def _excludes_inbound(node: Node) -> bool:
    """Whether a condition excludes mail from outside: at its top level, where each rule should state that."""
    if isinstance(node, Chain) and node.sign == "&&":
        return any(map(_excludes_inbound, node.items))
    return isinstance(node, Not) and isinstance(node.inner, Name) and node.inner.name == "inbound"
