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

from civicmail.city.access.steps import Step, Table

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

STEPS: tuple[Step[State], ...] = (
    Step("reported", "confirm", "confirmed", "violation.find"),
    Step("reported", "dismiss", "unfounded", "violation.find"),
    Step("reported", "note", "noted", "violation.find"),
    Step("recorded", "confirm", "confirmed", "violation.find"),
    Step("recorded", "reverse", "reversed", "violation.reverse"),
    Step("confirmed", "decide", "decided", "violation.decide"),
    Step("confirmed", "propose", "proposed", "violation.decide"),
    Step("proposed", "agree", "decided", "violation.second"),
    Step("proposed", "disagree", "confirmed", "violation.second"),
    Step("decided", "appeal", "appealed", "my.violations"),
    Step("appealed", "uphold", "upheld", "violation.hear"),
    Step("appealed", "overturn", "overturned", "violation.hear"),
)
STATES: frozenset[str] = frozenset({s.source for s in STEPS} | {s.target for s in STEPS})
FIRST: frozenset[str] = frozenset({"reported", "recorded"})
OPEN: frozenset[str] = frozenset({"reported", "recorded", "confirmed", "proposed", "appealed"})
"""Somebody still has to do something."""
COUNTS: frozenset[str] = frozenset({"decided", "appealed", "upheld"})
"""A strike, as far as the outcome is one."""
CONFIRMED: frozenset[str] = frozenset({"confirmed", "proposed", "decided", "appealed", "upheld"})

WORDS: dict[str, tuple[str, str]] = {
    "reported": ("wait", "Waits for a finding"),
    "recorded": ("stop", "Access ended, waits for review"),
    "confirmed": ("warn", "Confirmed, waits for a decision"),
    "unfounded": ("quiet", "Unfounded"),
    "noted": ("quiet", "Noted, does not count"),
    "proposed": ("wait", "Waits for a second officer"),
    "decided": ("done", "Decided"),
    "appealed": ("wait", "Appealed"),
    "upheld": ("done", "Decided, appeal heard"),
    "overturned": ("quiet", "Overturned"),
    "reversed": ("quiet", "Record was wrong"),
}

TABLE = Table[State](
    STEPS,
    lambda state: f"This violation is in another state by now ({WORDS[state][1].lower()}); look at it again.",
)
step = TABLE.step
actions = TABLE.actions
