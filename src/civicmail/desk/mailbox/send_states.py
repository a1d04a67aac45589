"""States of a message that waits to be sent: FROM, action -> TO, and who does it. Pure.

    waiting --undo--> undone      its person, until the worker takes it
    waiting --hasten--> waiting   its person: at once instead of in twenty seconds
    waiting --take--> sending     the worker, when it is due; after that nobody can undo it
    sending --wait--> sending     the worker: it could not be decided at this moment
    sending --send--> sent        the worker: it is archived, and has recipients
    sending --refuse--> returned  the worker: it is archived as evidence without recipients, and the draft is open again

The next worker takes messages that a crashed one had taken.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.pages.states import labels

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
WORDS = labels("sending", "sent", waiting="queued", returned="failed", undone="withdrawn")
OPEN = ("waiting", "sending")
"""States in which a message is neither sent nor a draft again."""


def step(state: str, action: Action) -> State | None:
    """The target state of an action; None if the table has no such transition."""
    return STEPS.get((state, action))
