"""The states of a message that was given to be sent, as a table: FROM, action -> TO, and who does it. Pure.

    waiting --undo--> undone      its person, until it is taken up
    waiting --hasten--> waiting   its person: at once instead of in twenty seconds
    waiting --take--> sending     the worker, when its time has come; from then on nobody takes it back
    sending --wait--> sending     the worker: it could not be decided at this moment
    sending --send--> sent        the worker: it is archived, and somebody gets it
    sending --refuse--> returned  the worker: it is archived as evidence, nobody gets it, and the draft is its person's again

What was taken up and is not settled, because its process died, is taken up by the next one.
"""

from __future__ import annotations

from typing import Literal

State = Literal["waiting", "sending", "sent", "returned", "undone"]
Action = Literal["undo", "hasten", "take", "wait", "send", "refuse"]

STEPS: dict[tuple[str, str], State] = {
    ("waiting", "undo"): "undone",
    ("waiting", "hasten"): "waiting",
    ("waiting", "take"): "sending",
    ("sending", "wait"): "sending",
    ("sending", "send"): "sent",
    ("sending", "refuse"): "returned",
}
PERSON = frozenset({"undo", "hasten"})
"""Actions of the person who wrote it; all others are the worker's."""
OPEN = ("waiting", "sending")
"""States in which a message is neither sent nor a draft again."""


def step(state: str, action: Action) -> State | None:
    """Where an action leads; None where the table has no such step."""
    return STEPS.get((state, action))
