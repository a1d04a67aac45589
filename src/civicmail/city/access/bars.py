"""Kinds of bars: what a violation closes for a person, and by what a barred person is recognized (P-09, P-30; C4, V3). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from civicmail.city.access.lookalike import skeleton
from civicmail.core.wire.paths import without_detail

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
_MIN_DIGITS, _COMPARED_DIGITS = 7, 9


@dataclass(frozen=True, slots=True)
class Identity:
    """By what somebody is known again under another number: everything that the directory ever said of them. names: now; before:
    formerly; phones, addresses (theirs with the city, too), numbers at an identity provider."""

    names: frozenset[str]
    former_names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def common_traits(self, other: Identity) -> list[str]:
        """What is the same about two people, in words. A name is a question to a person; the rest is hardly ever another's
        (is_match)."""
        reasons = []
        if self.names & other.names:
            reasons.append(NAME)
        elif (self.names | self.former_names) & (other.names | other.former_names):
            reasons.append(FORMER)
        if self.phones & other.phones:
            reasons.append(PHONE)
        if self.addresses & other.addresses:
            reasons.append("the same address elsewhere")
        if self.numbers & other.numbers:
            reasons.append("the same number")
        return reasons


NAME, FORMER, PHONE = "the same name", "the same name (one of them formerly)", "the same telephone number"


def is_strong_match(same: Iterable[str]) -> bool:
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
        frozenset(filter(None, map(phone_key, phones))),
        frozenset(without_detail(a) for text in addresses for a in text.lower().split()),
        frozenset(number.strip().lower() for number in numbers if number.strip()),
    )


def phone_key(phone: str) -> str:
    """The last digits, by which telephone numbers are compared however they are written; "" for an extension."""
    numerals = "".join(c for c in phone if c.isdigit())
    return numerals[-_COMPARED_DIGITS:] if len(numerals) >= _MIN_DIGITS else ""


def _keys(names: Iterable[str]) -> frozenset[str]:
    keys = {" ".join(sorted(skeleton(word) for word in name.replace(",", " ").replace("-", " ").split())) for name in names}
    return frozenset(key for key in keys if " " in key)
