"""What a violation leaves at the doors, by kind (P-09, P-30; C4, V3). The one table. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from civicmail.city.access.lookalike import skeleton
from civicmail.core.wire.paths import without_detail

Kind = Literal["re-entry", "suspension", "restriction", "permanent"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """name: as pages call it; shuts: nothing is sent or read while it lives; two: officers begin it, and two end it before its
    time; elected: what there is for elected officials, who are never silenced (decision 0039)."""

    name: str
    says: str
    shuts: bool = False
    two: bool = False
    elected: bool = False


KINDS: dict[Kind, Meaning] = {
    "re-entry": Meaning("One level higher", "New access is decided by the next head up or the access office.", elected=True),
    "suspension": Meaning("Suspended", "No mail is sent or read until it ends.", shuts=True),
    "restriction": Meaning(
        "Restricted", "Reads and receives everything; writes inside, and to one outside address at a time.", elected=True
    ),
    "permanent": Meaning("Barred for good", "No mail, at any agency, under any name or address.", shuts=True, two=True),
}
SHUTS: frozenset[str] = frozenset(kind for kind, meaning in KINDS.items() if meaning.shuts)
OUTSIDE_MOST = 1
"""Outside recipients of one message from somebody who is restricted."""
_DIGITS_LEAST, _DIGITS = 7, 9


@dataclass(frozen=True, slots=True)
class Identity:
    """By what somebody is known again under another number: names, telephone, addresses elsewhere."""

    names: frozenset[str]
    phone: str = ""
    outside: frozenset[str] = frozenset()

    def alike(self, other: Identity) -> list[str]:
        """What is the same about two people, in words; a question to a person, never an answer."""
        said = []
        if self.names & other.names:
            said.append("the same name")
        if self.phone and self.phone == other.phone:
            said.append("the same telephone number")
        if self.outside & other.outside:
            said.append("the same address elsewhere")
        return said


def identity(names: Iterable[str], phone: str, outside: str) -> Identity:
    """names: as the directory has them, in any order of words; outside: addresses with a blank between them."""
    keys = {" ".join(sorted(skeleton(word) for word in name.replace(",", " ").replace("-", " ").split())) for name in names}
    digits = "".join(c for c in phone if c.isdigit())
    return Identity(
        frozenset(key for key in keys if " " in key),
        digits[-_DIGITS:] if len(digits) >= _DIGITS_LEAST else "",
        frozenset(without_detail(a) for a in outside.lower().split()),
    )
