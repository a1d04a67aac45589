"""States of an export: waiting -> reading -> proving -> ready -> gone; stopped or failed from every state before ready. Pure."""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.errors import Conflict
from civicmail.city.pages.states import labels

State = Literal["waiting", "reading", "proving", "ready", "stopped", "failed", "gone"]
UNDER_WAY: frozenset[str] = frozenset({"waiting", "reading", "proving"})
KEPT_DAYS = 14
"""Days for which the file of an export is kept."""

STEPS: frozenset[tuple[str, str]] = frozenset(
    {
        ("waiting", "reading"),
        ("reading", "proving"),
        ("proving", "ready"),
        ("ready", "gone"),
        *((state, end) for state in ("waiting", "reading", "proving") for end in ("stopped", "failed")),
        *((state, "waiting") for state in ("reading", "proving", "stopped")),
    }
)
"""(from, to). Back to waiting: resumed by the worker after a restart, or by its requester after a stop."""

WORDS = labels("ready", "stopped", "failed", waiting="queued", reading="running", proving="running", gone="expired")


def step(state: str, to: State) -> State:
    """The next state. Raises Conflict if the table has no such step."""
    if (state, to) not in STEPS:
        raise Conflict(f"This export is {WORDS[state][1].lower()} by now. Reload the page.")
    return to
