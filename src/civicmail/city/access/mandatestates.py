"""The states of a mandate (P-16): FROM, action, TO, and the act that lets somebody do it. The one table. Pure.

    asked -> approved -> open, asked -> refused | withdrawn | lapsed, approved -> lapsed
    approved | open | urgent -> closed | ended

What the time does stands under the act "tick", what a look does under "look".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.access.steps import Step, Table

State = Literal["asked", "approved", "open", "urgent", "closed", "ended", "refused", "withdrawn", "lapsed"]

LOOKING: frozenset[str] = frozenset({"approved", "open", "urgent"})
"""States of a mandate in which something may be looked at."""
OVER: frozenset[str] = frozenset({"closed", "ended"})
"""States of a mandate that was good once and is not any more."""

STEPS: tuple[Step[State], ...] = (
    Step("asked", "approve", "approved", "mandate.approve"),
    Step("asked", "refuse", "refused", "mandate.approve"),
    Step("asked", "withdraw", "withdrawn", "mandate.ask"),
    Step("asked", "lapse", "lapsed", "tick"),
    Step("approved", "use", "open", "look"),
    Step("approved", "lapse", "lapsed", "tick"),
    *(Step(state, "close", "closed", "mandate.ask") for state in ("approved", "open", "urgent")),
    *(Step(state, "stop", "ended", "mandate.approve") for state in ("approved", "open", "urgent")),
    *(Step(state, "end", "ended", "tick") for state in ("approved", "open", "urgent")),
)

_SAID = {
    "asked": "waits for a second person",
    "approved": "was approved",
    "open": "is open",
    "urgent": "is open as an urgent one",
    "closed": "was closed",
    "ended": "is over",
    "refused": "was refused",
    "withdrawn": "was withdrawn",
    "lapsed": "was not used in time",
}

TABLE = Table[State](STEPS, lambda state: f"This mandate {_SAID[state]}; look at it again.")
step = TABLE.step
