"""States of an account closure: from, action, to, and who may (P-08). Pure.

    counting -> counted -> ordered -> closing -> closed
    counting | ordered -> stopped -> counting; counting | counted | stopped -> dropped

From "closing" on, nothing is delivered any more and it cannot be undone: messages are deleted as soon as the archive has them.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["counting", "counted", "ordered", "closing", "closed", "stopped", "dropped"]

WORKER_STATES: frozenset[str] = frozenset({"counting", "ordered", "closing"})
"""States in which the worker has something to do."""

STEPS: tuple[Transition[State], ...] = (
    Transition("counting", "count", "counted", "tick"),
    Transition("counting", "stop", "stopped", "tick"),
    Transition("counting", "drop", "dropped", "account.close"),
    Transition("counted", "order", "ordered", "account.close"),
    Transition("counted", "again", "counting", "account.close"),
    Transition("counted", "drop", "dropped", "account.close"),
    Transition("ordered", "begin", "closing", "tick"),
    Transition("ordered", "stop", "stopped", "tick"),
    Transition("closing", "finish", "closed", "tick"),
    Transition("stopped", "again", "counting", "account.close"),
    Transition("stopped", "drop", "dropped", "account.close"),
)
WORDS = labels("counting", "closing", "closed", counted="pending", ordered="scheduled", stopped="failed", dropped="canceled")

TABLE = StateTable[State](
    STEPS, lambda state: f"This account is in another state now ({WORDS[state][1].lower()}). Reload the page."
)
step = TABLE.step
