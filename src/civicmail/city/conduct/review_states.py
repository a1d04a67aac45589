"""States of a review as a whole: from, action, to, and the act that allows it. Pure.

    planned -> running -> over -> closed, planned -> called-off

Steps of the periodic jobs have the act "tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["planned", "running", "over", "closed", "called-off"]

STEPS: tuple[Transition[State], ...] = (
    Transition("planned", "start", "running", "review.run"),
    Transition("planned", "call-off", "called-off", "review.run"),
    Transition("running", "end", "over", "tick"),
    Transition("over", "close", "closed", "tick"),
)

WORDS = labels("running", "closed", planned="scheduled", over="overdue", **{"called-off": "canceled"})

TABLE = StateTable[State](STEPS, lambda state: f"This review is {WORDS[state][1].lower()}. Reload the page.")
step = TABLE.step
