"""States of a message that waits to be sent: FROM, action -> TO, and who does it. Pure.

    waiting --undo--> undone      its person, until the worker takes it
    waiting --hasten--> waiting   its person: at once instead of in twenty seconds
    waiting --take--> sending     the worker, when it is due; after that nobody can undo it
    sending --wait--> sending     the worker: it could not be decided at this moment
    sending --send--> sent        the worker: it is archived, and somebody receives it
    sending --refuse--> returned  the worker: it is archived as evidence, nobody receives it, and the draft is open again

What a crashed worker had taken is taken by the next one.
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
