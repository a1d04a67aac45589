"""The life of a version of a rule: FROM, action, TO, and the act that lets somebody do it. The one table. Pure.

    draft <-> tested -> proposed -> approved -> active -> replaced | expired
    draft, tested, proposed, approved -> withdrawn; proposed -> refused

A version that takes its rule out is approved like any other and then *ends* it: approved -> retired. What the time does stands
under the act "tick".
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.access.steps import Step, Table

State = Literal["draft", "tested", "proposed", "approved", "active", "replaced", "retired", "expired", "refused", "withdrawn"]

OPEN: frozenset[str] = frozenset({"draft", "tested", "proposed", "approved"})
"""States of a version on its way; a rule has one of them at most."""

STEPS: tuple[Step[State], ...] = (
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

TABLE = Table[State](STEPS, lambda state: f"This version is in the state “{WORDS[state][1].lower()}” by now; look at it again.")
step = TABLE.step
