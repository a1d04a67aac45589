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
    """By what somebody is known again under another number: everything that the directory ever said of them. names: now; before:
    formerly; phones, addresses (theirs with the city, too), numbers at an identity provider."""

    names: frozenset[str]
    before: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def alike(self, other: Identity) -> list[str]:
        """What is the same about two people, in words. A name is a question to a person; the rest is hardly ever another's
        (is_match)."""
        said = []
        if self.names & other.names:
            said.append(NAME)
        elif (self.names | self.before) & (other.names | other.before):
            said.append(FORMER)
        if self.phones & other.phones:
            said.append(PHONE)
        if self.addresses & other.addresses:
            said.append("the same address elsewhere")
        if self.numbers & other.numbers:
            said.append("the same number")
        return said


NAME, FORMER, PHONE = "the same name", "the same name (one of them formerly)", "the same telephone number"


def is_match(same: Iterable[str]) -> bool:
    """Whether it is more than a name, which many people share."""
    return not set(same) <= {NAME, FORMER}


def identity(
    names: Iterable[str],
    before: Iterable[str] = (),
    phones: Iterable[str] = (),
    addresses: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> Identity:
    """names: as the directory has them, in any order of words."""
    return Identity(
        _keys(names),
        _keys(before),
        frozenset(filter(None, map(digits, phones))),
        frozenset(without_detail(a) for text in addresses for a in text.lower().split()),
        frozenset(number.strip().lower() for number in numbers if number.strip()),
    )


def digits(phone: str) -> str:
    """The last digits, by which telephone numbers are compared however they are written; "" for an extension."""
    found = "".join(c for c in phone if c.isdigit())
    return found[-_DIGITS:] if len(found) >= _DIGITS_LEAST else ""


def _keys(names: Iterable[str]) -> frozenset[str]:
    keys = {" ".join(sorted(skeleton(word) for word in name.replace(",", " ").replace("-", " ").split())) for name in names}
    return frozenset(key for key in keys if " " in key)
