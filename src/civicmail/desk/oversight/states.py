"""The states of a version of a rule: FROM, action, TO, and the act that permits it. The only such table. Pure.

    draft <-> tested -> proposed -> approved -> active -> replaced | expired
    draft, tested, proposed, approved -> withdrawn; proposed -> refused

A version that removes its rule is approved like any other and then *ends* it: approved -> retired. Transitions by time have the act
"tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels

State = Literal["draft", "tested", "proposed", "approved", "active", "replaced", "retired", "expired", "refused", "withdrawn"]

OPEN: frozenset[str] = frozenset({"draft", "tested", "proposed", "approved"})
"""States of a version on its way; a rule has one of them at most."""

STEPS: tuple[Transition[State], ...] = (
    Transition("draft", "edit", "draft", "rule.write"),
    Transition("tested", "edit", "draft", "rule.write"),
    Transition("draft", "test", "tested", "rule.write"),
    Transition("tested", "test", "tested", "rule.write"),
    Transition("tested", "propose", "proposed", "rule.write"),
    *(Transition(state, "withdraw", "withdrawn", "rule.write") for state in ("draft", "tested", "proposed", "approved")),
    Transition("proposed", "approve", "approved", "rule.decide"),
    Transition("proposed", "refuse", "refused", "rule.decide"),
    Transition("approved", "activate", "active", "tick"),
    Transition("approved", "end", "retired", "tick"),
    Transition("active", "replace", "replaced", "tick"),
    Transition("active", "expire", "expired", "tick"),
)

WORDS = labels(
    "draft",
    "tested",
    "active",
    "retired",
    "withdrawn",
    proposed="pending",
    approved="scheduled",
    replaced="superseded",
    expired="lapsed",
    refused="denied",
)
REPLAYS = labels("done", "stopped", "failed", waiting="queued", reading="running")
"""Of a replay of a version."""

TABLE = StateTable[State](STEPS, lambda state: f"This version is in the state “{WORDS[state][1].lower()}” by now. Reload the page.")
step = TABLE.step
