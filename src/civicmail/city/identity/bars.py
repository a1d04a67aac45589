"""Kinds of bars: what a violation closes for a person (P-09, P-30; C4, V3). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["re-entry", "suspension", "restriction", "permanent"]


@dataclass(frozen=True, slots=True)
class BarKind:
    """One kind of bar.

    name: label on pages; closes_mail: nothing is sent or read while it is in force; takes_two_officers: to begin it and to end it
    early; applies_to_elected: elected officials are restricted, never silenced (decision 0039).
    """

    name: str
    description: str
    closes_mail: bool = False
    takes_two_officers: bool = False
    applies_to_elected: bool = False


KINDS: dict[Kind, BarKind] = {
    "re-entry": BarKind(
        "One level higher", "New access is decided by the next head up or the access office.", applies_to_elected=True
    ),
    "suspension": BarKind("Suspended", "No mail is sent or read until it ends.", closes_mail=True),
    "restriction": BarKind(
        "Restricted", "Reads and receives everything; writes inside, and to one outside address at a time.", applies_to_elected=True
    ),
    "permanent": BarKind(
        "Barred for good", "No mail, at any agency, under any name or address.", closes_mail=True, takes_two_officers=True
    ),
}
CLOSING_KINDS: frozenset[str] = frozenset(kind for kind, meaning in KINDS.items() if meaning.closes_mail)
MAX_OUTSIDE_RECIPIENTS = 1
"""Outside recipients of one message from somebody who is restricted."""
