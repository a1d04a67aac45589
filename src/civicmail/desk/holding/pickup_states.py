"""States of a message in the pick-up portal: FROM, action, TO, and who may. Pure.

    waits -> opened                  the reader typed the passphrase
    waits, opened -> locked          too many wrong passphrases in a row
    locked, waits, opened -> waits   the sender set a new passphrase
    waits, opened, locked -> revoked by the sender
    waits, opened, locked -> over    its days are over

*revoked* and *over* are final: the key of the box is destroyed.
"""

from __future__ import annotations

from typing import Literal

from civicmail.city.guard.state_table import StateTable, Transition
from civicmail.city.pages.states import labels
from civicmail.core.config.sentence import sentence as _

State = Literal["waits", "opened", "locked", "revoked", "over"]

LIVE: frozenset[str] = frozenset({"waits", "opened"})
"""The right passphrase opens it."""
KEPT: frozenset[str] = LIVE | {"locked"}
"""Its box exists."""
READER = "reader"
"""The person with the link and the passphrase; outside the city, so the guard is not asked."""
WORDS = labels("opened", "locked", "revoked", waits="unopened", over="expired")

_LIVE: tuple[State, ...] = ("waits", "opened")
_KEPT: tuple[State, ...] = (*_LIVE, "locked")
STEPS: tuple[Transition[State], ...] = (
    *(Transition[State](state, "open", "opened", READER) for state in _LIVE),
    *(Transition[State](state, "lock", "locked", READER) for state in _LIVE),
    *(Transition[State](state, "secret", "waits", "my.write") for state in _KEPT),
    *(Transition[State](state, "revoke", "revoked", "my.write") for state in _KEPT),
    *(Transition[State](state, "expire", "over", "tick") for state in _KEPT),
)
CLOSED_MESSAGES = {
    "locked": _("It is locked, because the passphrase was wrong too often. Ask the sender."),
    "revoked": _("The sender withdrew it. Ask the sender."),
    "over": _("It has expired. Ask the sender to send it again."),
}
TABLE = StateTable[State](STEPS, lambda state: CLOSED_MESSAGES.get(state, _("Not saved: its state has changed. Reload the page.")))
