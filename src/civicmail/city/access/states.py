"""The states of an authorisation: FROM, action, TO, and the act that lets somebody do it. The one table. Pure.

    asked -> approved -> active <-> suspended -> expired | revoked
    asked -> refused | withdrawn, approved -> withdrawn

What the time does stands under the act "tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.access.steps import Step, Table

State = Literal["asked", "approved", "active", "suspended", "expired", "revoked", "refused", "withdrawn"]

LIVING: frozenset[str] = frozenset({"asked", "approved", "active", "suspended"})
STATES: frozenset[str] = LIVING | {"expired", "revoked", "refused", "withdrawn"}

STEPS: tuple[Step[State], ...] = (
    Step("asked", "approve", "approved", "request.decide"),
    Step("asked", "refuse", "refused", "request.decide"),
    Step("asked", "withdraw", "withdrawn", "request.withdraw"),
    Step("asked", "revoke", "withdrawn", "access.end"),
    Step("asked", "expire", "withdrawn", "tick"),
    Step("approved", "activate", "active", "tick"),
    Step("approved", "withdraw", "withdrawn", "request.withdraw"),
    Step("approved", "revoke", "revoked", "access.end"),
    Step("approved", "expire", "expired", "tick"),
    Step("active", "suspend", "suspended", "access.suspend"),
    Step("active", "revoke", "revoked", "access.end"),
    Step("active", "expire", "expired", "tick"),
    Step("suspended", "resume", "active", "access.resume"),
    Step("suspended", "revoke", "revoked", "access.end"),
    Step("suspended", "expire", "expired", "tick"),
)

_SAID = {
    "asked": "is waiting for a decision",
    "approved": "was approved",
    "active": "is in force",
    "suspended": "is suspended",
    "expired": "is over",
    "revoked": "was ended",
    "refused": "was refused",
    "withdrawn": "was withdrawn",
}

TABLE = Table[State](STEPS, lambda state: f"This authorisation {_SAID[state]}; look at it again.")
step = TABLE.step
actions = TABLE.actions
