"""Constraints on every rule, checked when a rule set is read.

- Mail is never rejected for its text alone: a stranger's first message with a high spam score is quarantined, so that a person can
  release it (P-02).
- The subject of a text (use.*) leads to a review by a person and is never a reason to hold mail (P-12, P-13, P-30). Such rules are
  recognized by their names, so that no list of rules on a technical page reveals the subject of a person's mail.
"""

from __future__ import annotations

from itertools import product

from civicmail.city.policy.dispositions import USE_PREFIX, FactValue
from civicmail.city.policy.engine import fits
from civicmail.city.policy.rules import Rule

_TOPIC = frozenset({"use.categories"})
_USE = "use."
_TEXT_FACTS = frozenset({"spam.score", "spam.band", "spam.reported", "spam.others"})
_FIRST_MESSAGE: dict[str, FactValue] = {
    "source": "mx",
    "inbound": True,
    "sender.address": "resident@mailbox.example",
    "sender.domain": "mailbox.example",
    "sender.first": True,
    "from.address": "resident@mailbox.example",
    "from.domain": "mailbox.example",
    "from.name": "A Resident",
    "message.subject": "A question",
    "message.size": 2_000,
    "message.recipients": 1,
    "recipient.address": "clerk@city.example",
    "recipient.domain": "city.example",
    "recipient.inside": True,
}
"""Somebody who writes to the city for the first time, and of whom nothing else is known."""
_SCORES = (0, 500, 900, 990, 1000)


def why_forbidden(rule: Rule) -> str:
    """Why a rule may not be in any rule set, as half a sentence; empty if it may."""
    reads_use_facts = any(name.startswith(_USE) for name in rule.condition.names)
    if reads_use_facts is not rule.id.startswith(USE_PREFIX):
        return f"rules that ask about {_USE}… are called {USE_PREFIX}…, and no others: a reviewer alone sees what they find (P-12)"
    if rule.condition.names & _TOPIC and rule.do != "deliver":
        return f"what mail is about is never by itself a reason to {rule.do} it (P-12, P-13): the rule asks for a review instead"
    if rule.do == "refuse" and rule.condition.names & _TEXT_FACTS and _refuses_on_text_alone(rule):
        return "it refuses a stranger's first message on the judgement of its text alone (P-02): quarantine it instead"
    return ""


def _refuses_on_text_alone(rule: Rule) -> bool:
    for band, score, reported, others, domain in product(
        ("none", "ham", "unsure", "spam"), _SCORES, (False, True), _SCORES, ("none", "pass")
    ):
        text_facts: dict[str, FactValue] = {
            "spam.band": band,
            "spam.score": score,
            "spam.reported": reported,
            "spam.others": others,
        }
        if fits(rule, _FIRST_MESSAGE | text_facts | {"auth.spf": domain, "auth.dkim": domain, "auth.dmarc": domain}) is True:
            return True
    return False
