"""Scopes as query trees: captures sent by, received by or imported for mailboxes. Pure.

Only evidence counts: no scope reads a header. Addresses in any case; an empty collection gives a tree without matches.
"""

from __future__ import annotations

from collections.abc import Collection

from civicmail.core.query.fold import exact
from civicmail.core.query.tree import And, Everything, Not, Or, Text, Token, Tree

NOTHING: Tree = Not(Everything())
RECEIVED: Tree = Token("source", "door")
IMPORTED: Tree = Not(RECEIVED)
OUTSIDE: Tree = Or((Token("source", "mx"), Token("source", "lmtp")))
"""What came by a listener that is open to strangers."""
LOCAL: Tree = Token("source", "local")
"""Source of the system's own mail, which no listener accepts."""


def sent_from(boxes: Collection[str]) -> Tree:
    """Captures that these mailboxes sent: an authorized user was signed in, or a peer asserted it."""
    return _any_of("sent", boxes)


def received_by(boxes: Collection[str]) -> Tree:
    """Captures addressed to these mailboxes on arrival, without imported ones."""
    addressed = _any_of("rcpt", boxes)
    return addressed if addressed == NOTHING else And((addressed, RECEIVED))


def withheld_from(boxes: Collection[str]) -> Tree:
    """Copies for these mailboxes that were withheld on arrival."""
    return _any_of("withheld", boxes)


def with_disposition(do: str, boxes: Collection[str] | None = None) -> Tree:
    """Captures with this disposition ("refuse", "hold" …) for one of these mailboxes, or for any."""
    if boxes is None:
        return Token("withheld", do)
    return Or(tuple(Token("withheld", f"{do}:{box}") for box in _exact_names(boxes))) if boxes else NOTHING


def withheld(capture_id: str) -> Tree:
    """One capture with a withheld copy, by the 32 digits of its id: a lookup of one word, where Digits is a scan."""
    return Token("withheld", capture_id)


def imported_for(names: Collection[str]) -> Tree:
    """Captures imported with exactly one of these as custodian."""
    return Or(tuple(Token("custodian", f"={name}") for name in _exact_names(names))) if _exact_names(names) else NOTHING


def _any_of(field: Text, boxes: Collection[str]) -> Tree:
    exact_boxes = _exact_names(boxes)
    return Or(tuple(Token(field, box) for box in exact_boxes)) if exact_boxes else NOTHING


def _exact_names(names: Collection[str]) -> list[str]:
    return sorted({name for entry in names if (name := exact(entry))})
