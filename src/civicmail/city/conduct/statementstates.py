"""The states of a department's statement: FROM, action, TO, and the act that lets somebody do it (P-28). The one table. Pure.

    open -> signed | exceptions

A statement is signed once; what turns up later belongs into the next one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from civicmail.city.access.errors import Conflict

State = Literal["open", "signed", "exceptions"]

SAID: dict[str, tuple[str, str]] = {
    "open": ("wait", "To be signed"),
    "signed": ("done", "Signed"),
    "exceptions": ("warn", "Signed, not all in order"),
}
"""State -> (role, word)."""


class Step(NamedTuple):
    """One line of the table. act: what the guard is asked."""

    source: State
    action: str
    target: State
    act: str


STEPS: tuple[Step, ...] = (
    Step("open", "sign", "signed", "statement.sign"),
    Step("open", "except", "exceptions", "statement.sign"),
)

_TABLE: dict[tuple[str, str], Step] = {(step.source, step.action): step for step in STEPS}


def step(state: str, action: str) -> State:
    """The state after an action. Raises Conflict where the table has no such step."""
    found = _TABLE.get((state, action))
    if found is None:
        raise Conflict("This statement was signed already; look at it again.")
    return found.target
