"""Rules of a later starter pack whose text was never in the rule set.

None of them acts by itself: a policy author takes one as a draft. A text that was in the rule set once is not offered again.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.models import Version


@dataclass(frozen=True, slots=True)
class Offer:
    """rule: its id; text: from the program; before: the active text, "" without one; known: the rule set has versions of it."""

    rule: str
    text: str
    before: str
    known: bool


def offers() -> list[Offer]:
    """By id; none where the starter pack itself acts still. Two queries."""
    if not Version.objects.exists():
        return []
    had: dict[str, set[str]] = {}
    acts: dict[str, str] = {}
    for rule, text, state in Version.objects.filter(rule__in=list(rule_text.starter())).values_list("rule", "text", "state"):
        had.setdefault(rule, set()).add(text)
        if state == "active":
            acts[rule] = text
    pack = sorted(rule_text.starter().items())
    return [Offer(id_, text, acts.get(id_, ""), id_ in had) for id_, text in pack if text not in had.get(id_, ())]


def offer(rule: str) -> Offer | None:
    """The one for a rule, while it is offered."""
    return next((one for one in offers() if one.rule == rule), None)
