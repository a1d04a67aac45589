"""States of a disposal (P-23). Pure.

listing -> proposed -> approved -> disposing -> disposed;  proposed, approved -> refused, withdrawn;  from every open one stopped
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["listing", "proposed", "approved", "disposing", "disposed", "refused", "withdrawn", "stopped"]
OPEN: tuple[State, ...] = ("proposed", "approved", "disposing")
"""States of a disposal whose captures are listed and not disposed of yet."""
WORDS = labels(
    "disposed", "withdrawn", "stopped", listing="running", proposed="pending", approved="scheduled", disposing="running",
    refused="denied",
)  # fmt: skip
DISPOSALS = StateTable[State](
    [
        Transition("listing", "list", "proposed", "tick"),
        Transition("proposed", "approve", "approved", "retention.approve"),
        *(Transition(state, "refuse", "refused", "retention.approve") for state in ("proposed", "approved")),
        *(Transition(state, "withdraw", "withdrawn", "retention.dispose") for state in ("listing", "proposed", "approved")),
        Transition("approved", "begin", "disposing", "tick"),
        Transition("disposing", "finish", "disposed", "tick"),
        *(Transition(state, "stop", "stopped", "tick") for state in ("listing", "approved", "disposing")),
    ],
    lambda state: f"This disposal is {WORDS[state][1].lower()} by now. Reload the page.",
)
