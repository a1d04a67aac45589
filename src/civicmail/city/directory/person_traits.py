"""By what a person is recognized under another name or number: compare the traits of two people (C4). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from civicmail.core.message.lookalike import skeleton
from civicmail.core.wire.paths import without_detail

_MIN_DIGITS, _COMPARED_DIGITS = 7, 9


@dataclass(frozen=True, slots=True)
class Traits:
    """Data by which a person is recognized under another number: all that the directory ever had about them. names: present;
    before: former; phones, addresses (including the city's), numbers at an identity provider."""

    names: frozenset[str]
    former_names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def common_traits(self, other: Traits) -> list[str]:
        """Equal data of two people, in words. An equal name is a question for a person; other data rarely belong to two people
        (is_strong_match)."""
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
    """Whether more than a name is equal, which many people share."""
    return not set(same) <= {NAME, FORMER}


def traits(
    names: Iterable[str],
    before: Iterable[str] = (),
    phones: Iterable[str] = (),
    addresses: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> Traits:
    """names: as the directory has them, in any order of words."""
    return Traits(
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
