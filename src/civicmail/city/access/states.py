"""The states of an authorisation: FROM, action, TO, and the act that lets somebody do it. The one table. Pure.

    asked -> approved -> active <-> suspended -> expired | revoked
    asked -> refused | withdrawn, approved -> withdrawn

What the time does stands under the act "tick".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from civicmail.city.access.errors import Conflict

State = Literal["asked", "approved", "active", "suspended", "expired", "revoked", "refused", "withdrawn"]

LIVING: frozenset[str] = frozenset({"asked", "approved", "active", "suspended"})
STATES: frozenset[str] = LIVING | {"expired", "revoked", "refused", "withdrawn"}


class Step(NamedTuple):
    """One line of the table. act: what the guard is asked."""

    source: State
    action: str
    target: State
    act: str


STEPS: tuple[Step, ...] = (
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

_TABLE: dict[tuple[str, str], Step] = {(step.source, step.action): step for step in STEPS}

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


def step(state: str, action: str) -> State:
    """The state after an action. Raises Conflict where the table has no such step."""
    found = _TABLE.get((state, action))
    if found is None:
        raise Conflict(f"This authorisation {_SAID[state]}; look at it again.")
    return found.target


def actions(state: str) -> tuple[str, ...]:
    """What can happen to an authorisation in a state, in order of the table."""
    return tuple(s.action for s in STEPS if s.source == state)


# -- mandates (P-16): asked -> approved -> open -> closed | ended; asked -> refused | withdrawn | lapsed; urgent -> closed | ended

MandateState = Literal["asked", "approved", "open", "urgent", "closed", "ended", "refused", "withdrawn", "lapsed"]

LOOKING: frozenset[str] = frozenset({"approved", "open", "urgent"})
"""States of a mandate in which something may be looked at."""
OVER: frozenset[str] = frozenset({"closed", "ended"})
"""States of a mandate that was good once and is not any more."""


class MandateStep(NamedTuple):
    """One line of the table of mandates. act: what the guard is asked; "tick" and "look" are nobody's decision."""

    source: MandateState
    action: str
    target: MandateState
    act: str


MANDATE_STEPS: tuple[MandateStep, ...] = (
    MandateStep("asked", "approve", "approved", "mandate.approve"),
    MandateStep("asked", "refuse", "refused", "mandate.approve"),
    MandateStep("asked", "withdraw", "withdrawn", "mandate.ask"),
    MandateStep("asked", "lapse", "lapsed", "tick"),
    MandateStep("approved", "use", "open", "look"),
    MandateStep("approved", "lapse", "lapsed", "tick"),
    *(MandateStep(state, "close", "closed", "mandate.ask") for state in ("approved", "open", "urgent")),
    *(MandateStep(state, "stop", "ended", "mandate.approve") for state in ("approved", "open", "urgent")),
    *(MandateStep(state, "end", "ended", "tick") for state in ("approved", "open", "urgent")),
)

_MANDATES: dict[tuple[str, str], MandateStep] = {(step.source, step.action): step for step in MANDATE_STEPS}

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


def mandate_step(state: str, action: str) -> MandateState:
    """The state of a mandate after an action. Raises Conflict where the table has no such step."""
    found = _MANDATES.get((state, action))
    if found is None:
        raise Conflict(f"This mandate {_SAID_OF_MANDATES[state]}; look at it again.")
    return found.target
