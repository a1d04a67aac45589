"""States of a violation: from, action, to, and the act that allows it. Pure.

    reported -> confirmed | unfounded | noted;  recorded -> confirmed | reversed
    confirmed -> decided, or proposed -> decided | confirmed where it takes a second officer
    decided -> appealed -> upheld | overturned

*recorded*: of an agency's person, whose access ended with the record (P-09).
*noted*: a mistake that the person reported in good faith, which never counts.
*proposed*: a permanent bar that a second officer must agree to (V3).
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal[
    "reported",
    "recorded",
    "confirmed",
    "unfounded",
    "noted",
    "proposed",
    "decided",
    "appealed",
    "upheld",
    "overturned",
    "reversed",
]

STEPS: tuple[Transition[State], ...] = (
    Transition("reported", "confirm", "confirmed", "violation.find"),
    Transition("reported", "dismiss", "unfounded", "violation.find"),
    Transition("reported", "note", "noted", "violation.find"),
    Transition("recorded", "confirm", "confirmed", "violation.find"),
    Transition("recorded", "reverse", "reversed", "violation.reverse"),
    Transition("confirmed", "decide", "decided", "violation.decide"),
    Transition("confirmed", "propose", "proposed", "violation.decide"),
    Transition("proposed", "agree", "decided", "violation.second"),
    Transition("proposed", "disagree", "confirmed", "violation.second"),
    Transition("decided", "appeal", "appealed", "my.violations"),
    Transition("appealed", "uphold", "upheld", "violation.hear"),
    Transition("appealed", "overturn", "overturned", "violation.hear"),
)
STATES: frozenset[str] = frozenset({s.source for s in STEPS} | {s.target for s in STEPS})
FIRST: frozenset[str] = frozenset({"reported", "recorded"})
OPEN: frozenset[str] = frozenset({"reported", "recorded", "confirmed", "proposed", "appealed"})
"""States in which somebody has to act."""
COUNTS: frozenset[str] = frozenset({"decided", "appealed", "upheld"})
"""A strike, as far as the outcome is one."""
CONFIRMED: frozenset[str] = frozenset({"confirmed", "proposed", "decided", "appealed", "upheld"})

WORDS = labels(
    "recorded",
    "confirmed",
    "noted",
    "decided",
    "appealed",
    "upheld",
    "overturned",
    "reversed",
    reported="open",
    unfounded="dismissed",
    proposed="pending",
)

TABLE = StateTable[State](
    STEPS,
    lambda state: f"This violation is in another state by now ({WORDS[state][1].lower()}). Reload the page.",
)
step = TABLE.step
actions = TABLE.actions
