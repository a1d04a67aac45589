"""The life of a version of a rule: FROM, action, TO, and the act that lets somebody do it. The one table. Pure.

    draft <-> tested -> proposed -> approved -> active -> replaced | expired
    draft, tested, proposed, approved -> withdrawn; proposed -> refused

A version that takes its rule out is approved like any other and then *ends* it: approved -> retired. What the time does stands
under the act "tick".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from civicmail.city.access.errors import Conflict

State = Literal["draft", "tested", "proposed", "approved", "active", "replaced", "retired", "expired", "refused", "withdrawn"]

OPEN: frozenset[str] = frozenset({"draft", "tested", "proposed", "approved"})
"""States of a version on its way; a rule has one of them at most."""


class Step(NamedTuple):
    """One line of the table. act: what the guard is asked."""

    source: State
    action: str
    target: State
    act: str


STEPS: tuple[Step, ...] = (
    Step("draft", "edit", "draft", "rule.write"),
    Step("tested", "edit", "draft", "rule.write"),
    Step("draft", "test", "tested", "rule.write"),
    Step("tested", "test", "tested", "rule.write"),
    Step("tested", "propose", "proposed", "rule.write"),
    *(Step(state, "withdraw", "withdrawn", "rule.write") for state in ("draft", "tested", "proposed", "approved")),
    Step("proposed", "approve", "approved", "rule.decide"),
    Step("proposed", "refuse", "refused", "rule.decide"),
    Step("approved", "activate", "active", "tick"),
    Step("approved", "end", "retired", "tick"),
    Step("active", "replace", "replaced", "tick"),
    Step("active", "expire", "expired", "tick"),
)

_TABLE: dict[tuple[str, str], Step] = {(step.source, step.action): step for step in STEPS}

WORDS: dict[str, tuple[str, str]] = {
    "draft": ("quiet", "Draft"),
    "tested": ("quiet", "Tested"),
    "proposed": ("wait", "Waits for a second person"),
    "approved": ("wait", "Approved, waits for its day"),
    "active": ("done", "Active"),
    "replaced": ("quiet", "Replaced"),
    "retired": ("quiet", "Rule taken out"),
    "expired": ("warn", "Expired"),
    "refused": ("stop", "Not approved"),
    "withdrawn": ("quiet", "Withdrawn"),
}
"""State -> role and word on pages."""


def step(state: str, action: str) -> State:
    """The state of a version after an action. Raises Conflict where the table has no such step."""
    found = _TABLE.get((state, action))
    if found is None:
        raise Conflict(f"This version is in the state “{WORDS[state][1].lower()}” by now; look at it again.")
    return found.target
