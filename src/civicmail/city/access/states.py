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


# -- mandates (P-16): asked -> approved -> open -> closed | ended; asked -> refused | withdrawn | lapsed; urgent -> closed | ended

MandateState = Literal["asked", "approved", "open", "urgent", "closed", "ended", "refused", "withdrawn", "lapsed"]

LOOKING: frozenset[str] = frozenset({"approved", "open", "urgent"})
"""States of a mandate in which something may be looked at."""
OVER: frozenset[str] = frozenset({"closed", "ended"})
"""States of a mandate that was good once and is not any more."""

MANDATE_STEPS: tuple[Step[MandateState], ...] = (
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

_SAID_OF_MANDATES = {
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

MANDATES = Table[MandateState](MANDATE_STEPS, lambda state: f"This mandate {_SAID_OF_MANDATES[state]}; look at it again.")
mandate_step = MANDATES.step
