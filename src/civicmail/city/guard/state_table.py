"""State tables: source state, action, target state, and the act that allows it. Pure.

    TABLE = Table[State](STEPS, lambda state: f"This statement {SAID[state]}. Reload the page.")
    TABLE.step("open", "sign")       "signed", or Conflict in those words

Every object with states has one such table, in a module of its own: actions take their transitions from it, pages their buttons,
and tests walk through it. Transitions by time have the act "tick".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from civicmail.city.guard.errors import Conflict


class Transition[State: str](NamedTuple):
    """One line of a table. act: the permission that the guard checks."""

    source: State
    action: str
    target: State
    act: str


class StateTable[State: str]:
    """steps: in the order in which pages offer them; otherwise: message for an action that is impossible in the present state."""

    def __init__(self, steps: Iterable[Transition[State]], describe_conflict: Callable[[str], str]) -> None:
        self.steps = tuple(steps)
        self._targets: dict[tuple[str, str], State] = {(s.source, s.action): s.target for s in self.steps}
        self._otherwise = describe_conflict

    def step(self, state: str, action: str) -> State:
        """The state after an action. Raises Conflict where the table has no such step."""
        if (target := self._targets.get((state, action))) is None:
            raise Conflict(self._otherwise(state))
        return target

    def actions(self, state: str) -> tuple[str, ...]:
        """Possible actions in a state, in order of the table."""
        return tuple(s.action for s in self.steps if s.source == state)
