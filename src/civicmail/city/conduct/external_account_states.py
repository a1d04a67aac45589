"""States of an external account that must end: from, action, to, and the permission (P-08). Pure.

    open -> told -> ended; open -> ended; open | told -> moot

"tick" is the periodic job: it notifies the other system, and makes the ending moot when the person works here again under the same
name (L5). "hook" is the reply of the other system.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["open", "told", "ended", "moot"]

OPEN_STATES: frozenset[str] = frozenset({"open", "told"})

STEPS: tuple[Transition[State], ...] = (
    Transition("open", "tell", "told", "tick"),
    Transition("told", "tell", "told", "tick"),
    Transition("open", "answer", "ended", "hook"),
    Transition("told", "answer", "ended", "hook"),
    Transition("open", "confirm", "ended", "outside.confirm"),
    Transition("told", "confirm", "ended", "outside.confirm"),
    Transition("open", "drop", "moot", "tick"),
    Transition("told", "drop", "moot", "tick"),
)
WORDS = labels("open", "ended", told="notified", moot="canceled")

TABLE = StateTable[State](STEPS, lambda state: f"This account is {WORDS[state][1].lower()} by now. Reload the page.")
step = TABLE.step
