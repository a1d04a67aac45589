"""States of an external account that has to end: from, action, to, and who may (P-08). Pure.

    open -> told -> ended; open -> ended; open | told -> moot

"tick" is the periodic job: it notifies the other system, and makes the ending moot when the person works here again under the
same name (L5).
"hook" is the reply of the other system.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.access.steps import Step, Table

State = Literal["open", "told", "ended", "moot"]

OPEN_STATES: frozenset[str] = frozenset({"open", "told"})

STEPS: tuple[Step[State], ...] = (
    Step("open", "tell", "told", "tick"),
    Step("told", "tell", "told", "tick"),
    Step("open", "answer", "ended", "hook"),
    Step("told", "answer", "ended", "hook"),
    Step("open", "confirm", "ended", "outside.confirm"),
    Step("told", "confirm", "ended", "outside.confirm"),
    Step("open", "drop", "moot", "tick"),
    Step("told", "drop", "moot", "tick"),
)
WORDS: dict[str, tuple[str, str]] = {
    "open": ("wait", "Not ended yet"),
    "told": ("wait", "Told, not confirmed"),
    "ended": ("done", "Ended"),
    "moot": ("quiet", "Works here again"),
}
"""State to (role, word)."""

TABLE = Table[State](STEPS, lambda _: "This was answered already; look at it again.")
step = TABLE.step
