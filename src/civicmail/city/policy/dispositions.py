"""Findings and dispositions, as plain values.

Both are written into the head of a receipt, so they are made of text and whole numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["deliver", "mark", "hold", "quarantine", "encrypt", "redirect", "refuse", "pending", "kept"]

UNAVAILABLE = "unavailable"
"""The code of a finding that says that the check could not be made; its mask says why in one word."""

FactValue = bool | int | str | tuple[str, ...]
USE_CHECK = "use"
"""The check that looks for what mail is about; what it finds is for its reviewer, too."""
USE_PREFIX = "use-"
"""How rules are called that ask what mail is about (P-10, P-12, P-13): what they found is for one reviewer, under a pseudonym."""

Facts = Mapping[str, FactValue]
"""What rules ask about: name of city/policy/facts.py to value. Only what differs from the table's default is kept in records."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of one check, with evidence: part path, offset and length in it, and a mask; never a confidential value.

    sure: percent; version: of the check; cost: microseconds that the check took, in its first finding only.
    """

    check: str
    code: str
    part: str = ""
    offset: int = 0
    length: int = 0
    mask: str = ""
    sure: int = 100
    version: int = 0
    cost: int = 0

    def plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "check": self.check,
            "code": self.code,
            "part": self.part,
            "offset": self.offset,
            "length": self.length,
            "mask": self.mask,
        }
        if self.sure != 100:
            plain["sure"] = self.sure
        if self.version:
            plain["version"] = self.version
        if self.cost:
            plain["cost"] = self.cost
        return plain


@dataclass(frozen=True, slots=True)
class Disposition:
    """What happens to the copy of one recipient (index in the envelope) and the rules that led to it.

    facts: the rules' facts about this recipient, if they differ from the defaults. marks: warnings for its reader, each a short
    name and words; reply: for the sender of a rejected copy; dsn: by a delivery report, because the client got an acknowledgment;
    review: queues of reviewers. secure: the copy leaves encrypted whenever it leaves, even if a stricter rule holds it for now.
    """

    to: int
    do: Action
    rules: tuple[str, ...] = ()
    facts: Facts = field(default_factory=dict)
    marks: tuple[tuple[str, str], ...] = ()
    reply: str = ""
    dsn: bool = False
    review: tuple[str, ...] = ()
    secure: bool = False

    def plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"to": self.to, "do": self.do, "rules": list(self.rules)}
        if self.facts:
            plain["facts"] = plain_facts(self.facts)
        if self.marks:
            plain["marks"] = [list(mark) for mark in self.marks]
        if self.reply:
            plain["reply"] = self.reply
        if self.dsn:
            plain["dsn"] = 1
        if self.review:
            plain["review"] = list(self.review)
        if self.secure:
            plain["secure"] = 1
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Disposition:
        """A disposition from its form in a head."""
        if len(plain) == 3:
            return cls(plain["to"], plain["do"], tuple(plain["rules"]))
        return cls(
            plain["to"],
            plain["do"],
            tuple(plain["rules"]),
            read_facts(plain.get("facts", {})),
            tuple((name, words) for name, words in plain.get("marks", ())),
            plain.get("reply", ""),
            bool(plain.get("dsn", 0)),
            tuple(plain.get("review", ())),
            bool(plain.get("secure", 0)),
        )


def disclosable_rules(rules: tuple[str, ...]) -> tuple[str, ...]:
    """The names of rules, as a disposition has them, without those that only a reviewer sees."""
    return tuple(name for name in rules if not name.rpartition(":")[2].startswith(USE_PREFIX))


def plain_facts(facts: Facts) -> dict[str, Any]:
    """Facts as a head has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}


def read_facts(plain: Mapping[str, Any]) -> dict[str, FactValue]:
    """Facts from their form in a head."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
