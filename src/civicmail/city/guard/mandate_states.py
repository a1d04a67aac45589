"""States of an examination and the transitions between them (P-16). Pure.

    asked -> approved -> open, asked -> refused | withdrawn | lapsed, approved -> lapsed
    approved | open | urgent -> closed | ended

Transitions by time have the act "tick", those by a content view "look".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition

State = Literal["asked", "approved", "open", "urgent", "closed", "ended", "refused", "withdrawn", "lapsed"]

VIEWABLE: frozenset[str] = frozenset({"approved", "open", "urgent"})
"""States of a mandate in which something may be looked at."""
ENDED: frozenset[str] = frozenset({"closed", "ended"})
"""States of a mandate that was good once and is not any more."""

STEPS: tuple[Transition[State], ...] = (
    Transition("asked", "approve", "approved", "mandate.approve"),
    Transition("asked", "refuse", "refused", "mandate.approve"),
    Transition("asked", "withdraw", "withdrawn", "mandate.ask"),
    Transition("asked", "lapse", "lapsed", "tick"),
    Transition("approved", "use", "open", "look"),
    Transition("approved", "lapse", "lapsed", "tick"),
    *(Transition(state, "close", "closed", "mandate.ask") for state in ("approved", "open", "urgent")),
    *(Transition(state, "stop", "ended", "mandate.approve") for state in ("approved", "open", "urgent")),
    *(Transition(state, "end", "ended", "tick") for state in ("approved", "open", "urgent")),
)

TABLE = StateTable[State](STEPS, lambda _: "The state of this examination has changed. Reload the page.")
step = TABLE.step
