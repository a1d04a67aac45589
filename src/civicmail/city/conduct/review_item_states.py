"""States of one review item: from, action, to, and the act that allows it. Pure.

    open -> pending -> done -> verified | failed              an answer, and its effect (R12)
    open -> silent                                            no answer, and no exception
    open -> suspending -> suspended -> pending                no answer, and an exception (R11)
    open -> stopped -> suspending | silent                    the circuit breaker stopped it; an officer applies it, or leaves it
    open | silent | stopped | ... -> moot                     it concerns nothing any more (R13)

Steps of the periodic jobs have the act "tick". A late answer counts as long as non-response has not ended the access.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["open", "pending", "done", "verified", "failed", "silent", "stopped", "suspending", "suspended", "moot"]

STATES: tuple[State, ...] = (
    "open", "pending", "done", "verified", "failed", "silent", "stopped", "suspending", "suspended", "moot",
)  # fmt: skip
OPEN: frozenset[str] = frozenset({"open"})
UNANSWERED: frozenset[str] = frozenset({"open", "silent", "stopped"})
"""States that a new round asks about (R10)."""
SETTLED: frozenset[str] = frozenset({"verified", "failed", "silent", "stopped", "moot"})
"""Nothing comes by itself any more."""

STEPS: tuple[Transition[State], ...] = (
    *(Transition(state, "answer", "pending", "review.decide") for state in ("open", "silent", "stopped", "suspended")),
    Transition("open", "hand-on", "open", "review.decide"),
    Transition("pending", "undo", "open", "review.decide"),
    Transition("pending", "carry", "done", "tick"),
    Transition("pending", "fail", "failed", "tick"),
    Transition("done", "verify", "verified", "tick"),
    Transition("done", "fail", "failed", "tick"),
    Transition("failed", "retry", "pending", "review.run"),
    Transition("open", "silence", "silent", "tick"),
    Transition("open", "suspend", "suspending", "tick"),
    Transition("open", "stop", "stopped", "tick"),
    Transition("stopped", "apply", "suspending", "review.run"),
    Transition("stopped", "leave", "silent", "review.run"),
    Transition("suspending", "carry", "suspended", "tick"),
    Transition("suspending", "fail", "failed", "tick"),
    Transition("suspended", "lapse", "pending", "tick"),
    *(Transition(state, "moot", "moot", "tick") for state in ("open", "pending", "silent", "stopped", "suspending", "suspended")),
)

WORDS = labels(
    "open",
    "verified",
    "failed",
    "suspending",
    "suspended",
    pending="answered",
    done="applied",
    silent="unanswered",
    stopped="held",
    moot="canceled",
)

ANSWERS: dict[str, str] = {
    "keep": "Kept",
    "revoke": "Ended",
    "change": "Changed",
    "lapse": "Ended by silence",
    "suspend": "Suspended by silence",
}
"""Names of answers after they were given."""

TABLE = StateTable[State](STEPS, lambda state: f"This item is {WORDS[state][1].lower()} by now. Reload the page.")
step = TABLE.step
actions = TABLE.actions
