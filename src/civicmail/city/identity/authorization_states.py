"""The states of an authorization: FROM, action, TO, and the act that permits it. The only such table. Pure.

    asked -> approved -> active <-> suspended -> expired | revoked
    asked -> refused | withdrawn, approved -> withdrawn

Transitions by time have the act "tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["asked", "approved", "active", "suspended", "expired", "revoked", "refused", "withdrawn"]

LIVING: frozenset[str] = frozenset({"asked", "approved", "active", "suspended"})
STATES: frozenset[str] = LIVING | {"expired", "revoked", "refused", "withdrawn"}

OVERLAP_DAYS = 14
"""Days for which a mover keeps the old department's access, unless that department says otherwise (M6)."""

STEPS: tuple[Transition[State], ...] = (
    Transition("asked", "approve", "approved", "request.decide"),
    Transition("asked", "refuse", "refused", "request.decide"),
    Transition("asked", "withdraw", "withdrawn", "request.withdraw"),
    Transition("asked", "revoke", "withdrawn", "access.end"),
    Transition("asked", "expire", "withdrawn", "tick"),
    Transition("approved", "activate", "active", "tick"),
    Transition("approved", "withdraw", "withdrawn", "request.withdraw"),
    Transition("approved", "revoke", "revoked", "access.end"),
    Transition("approved", "expire", "expired", "tick"),
    Transition("active", "suspend", "suspended", "access.suspend"),
    Transition("active", "revoke", "revoked", "access.end"),
    Transition("active", "expire", "expired", "tick"),
    Transition("suspended", "resume", "active", "access.resume"),
    Transition("suspended", "revoke", "revoked", "access.end"),
    Transition("suspended", "expire", "expired", "tick"),
)

WORDS = labels("approved", "active", "suspended", "expired", "revoked", "withdrawn", asked="pending", refused="denied")

TABLE = StateTable[State](STEPS, lambda state: f"This authorization is {WORDS[state][1].lower()} by now. Reload the page.")
step = TABLE.step
actions = TABLE.actions
