"""States of one recipient's copy that waits for a manager: FROM, action, TO, and the permission that the action needs. Pure.

    waits -> approved | refused | records | withdrawn | expired | gone

records: it answers a public-records request, so the records office keeps it (P-21). gone: it was requested for a deleted draft. The
worker's actions have the permission "tick". No transition leads back: a changed message is a new request.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["waits", "approved", "refused", "records", "withdrawn", "expired", "gone"]

STEPS: tuple[Transition[State], ...] = (
    Transition("waits", "approve", "approved", "approval.answer"),
    Transition("waits", "refuse", "refused", "approval.answer"),
    Transition("waits", "records", "records", "approval.answer"),
    Transition("waits", "withdraw", "withdrawn", "approval.withdraw"),
    Transition("waits", "expire", "expired", "tick"),
    Transition("waits", "moot", "gone", "tick"),
)
ANSWERS = ("approve", "refuse", "records")
CANCELLED = frozenset({"refused", "withdrawn", "expired"})
"""States in which the recipient gets nothing."""
WORDS = labels("approved", "withdrawn", "expired", waits="pending", refused="denied", records="referred", gone="canceled")

TABLE = StateTable[State](STEPS, lambda state: f"It was answered already: {WORDS[state][1].lower()}. Look at it again.")
