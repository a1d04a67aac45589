"""States of a release request: FROM, action, TO, and the permission, for each kind of held copy. Pure.

    asked -> released | kept | refused            other, confidential: one officer
    asked -> agreed -> released | kept | refused  malware: two officers, neither of whom is the requester
    asked, agreed -> withdrawn | lapsed

*kept*: the officers approved, and the repeated checks did not. *lapsed*: nothing is held any more, or no officer answered in time.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["asked", "agreed", "released", "kept", "refused", "withdrawn", "lapsed"]

OPEN: frozenset[str] = frozenset({"asked", "agreed"})
"""Somebody still has to answer."""
WORDS = labels("released", "withdrawn", asked="pending", agreed="pending", kept="blocked", refused="denied", lapsed="expired")


def _final_steps(source: State, act: str) -> tuple[Transition[State], ...]:
    """How a request ends, for people with this permission."""
    return (
        Transition(source, "release", "released", act),
        Transition(source, "keep", "kept", act),
        Transition(source, "refuse", "refused", act),
        Transition(source, "withdraw", "withdrawn", "my.mail"),
        Transition(source, "lapse", "lapsed", "tick"),
    )


_MALWARE: tuple[Transition[State], ...] = (
    Transition("asked", "agree", "agreed", "release.agree"),
    Transition("asked", "refuse", "refused", "release.agree"),
    Transition("asked", "withdraw", "withdrawn", "my.mail"),
    Transition("asked", "lapse", "lapsed", "tick"),
    *_final_steps("agreed", "release.second"),
)
STEPS: dict[str, tuple[Transition[State], ...]] = {
    "other": _final_steps("asked", "release.answer"),
    "confidential": _final_steps("asked", "release.confidential"),
    "malware": _MALWARE,
}
"""By kind (release_kinds.Kind)."""
_OTHER_STATE = "This request is in another state by now ({word}). Reload the page."
TABLES: dict[str, StateTable[State]] = {
    kind: StateTable[State](steps, lambda state: _OTHER_STATE.format(word=WORDS[state][1].lower())) for kind, steps in STEPS.items()
}


def step(kind: str, state: str, action: str) -> State:
    """The state after an action. Raises Conflict if the table of its kind has no such step."""
    return TABLES[kind].step(state, action)


def act_of(kind: str, state: str) -> str:
    """The permission needed to answer in this state; "" if no answer is due."""
    return next((s.act for s in STEPS[kind] if s.source == state and s.action == "refuse"), "")
