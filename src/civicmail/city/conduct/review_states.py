"""States of a review as a whole: from, action, to, and the act that allows it. Pure.

    planned -> running -> over -> closed, planned -> called-off

Steps of the periodic jobs have the act "tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition

State = Literal["planned", "running", "over", "closed", "called-off"]

STEPS: tuple[Transition[State], ...] = (
    Transition("planned", "start", "running", "review.run"),
    Transition("planned", "call-off", "called-off", "review.run"),
    Transition("running", "end", "over", "tick"),
    Transition("over", "close", "closed", "tick"),
)

WORDS: dict[str, tuple[str, str]] = {
    "planned": ("quiet", "Planned"),
    "running": ("wait", "Running"),
    "over": ("warn", "Deadline passed"),
    "closed": ("done", "Closed"),
    "called-off": ("quiet", "Called off"),
}
"""State -> role and word, as pages show it."""

TABLE = StateTable[State](STEPS, lambda state: f"This review is {WORDS[state][1].lower()}. Reload the page.")
step = TABLE.step
