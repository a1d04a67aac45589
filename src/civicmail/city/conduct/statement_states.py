"""States of a department statement: from, action, to, and the act that allows it (P-28). Pure.

    open -> signed | exceptions

A statement is signed once; what turns up later belongs in the next one.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["open", "signed", "exceptions"]

WORDS = labels("open", "signed", "exceptions")

STEPS: tuple[Transition[State], ...] = (
    Transition("open", "sign", "signed", "statement.sign"),
    Transition("open", "except", "exceptions", "statement.sign"),
)

TABLE = StateTable[State](STEPS, lambda state: f"This statement is {WORDS[state][1].lower()} by now. Reload the page.")
step = TABLE.step
