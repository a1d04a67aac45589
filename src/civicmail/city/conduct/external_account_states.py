"""The states of an account elsewhere that has to end: FROM, action, TO, and who may (P-08). Pure.

    open -> told -> ended; open -> ended; open | told -> moot

"tick" is what the time does: it tells the other side, and says that nothing is to be ended where the person works here again under
the same name (L5). "hook" is what the other side answers.
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
