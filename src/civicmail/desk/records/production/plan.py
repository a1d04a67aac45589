"""What a production is made from: every decision at the moment when it was ordered, as one value with a digest. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from civicmail.core.redaction.shapes import Redaction
from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.dispositions import PRODUCED, DecidedItem

FORMATS = {"eml": "Messages as mail (.eml)", "dat": "Load files (DAT and OPT) with page images", "xml": "Load file (EDRM XML)"}
"""What may be asked for beside PDF and text -> its words."""


@dataclass(frozen=True, slots=True)
class Plan:
    """request: its number; number: of the production; first: number of its first page; earlier: items that an earlier production
    released; citations, labels: of each code; letter: its text, made by the law pack."""

    request: str
    number: int
    first: int
    language: str
    formats: tuple[str, ...]
    items: tuple[DecidedItem, ...]
    earlier: frozenset[int] = frozenset()
    citations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    letter: str = ""

    def digest(self) -> str:
        """SHA-256 of all of it."""
        plain = msgspec.to_builtins(self)
        plain["earlier"] = sorted(self.earlier)
        return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()

    def families(self) -> list[list[DecidedItem]]:
        """The messages in the order of their numbers, each with its files behind it."""
        groups: dict[int, list[DecidedItem]] = {}
        for item in sorted(self.items, key=lambda one: (one.family, one.number)):
            groups.setdefault(item.family, []).append(item)
        return list(groups.values())

    def documents(self) -> int:
        """How many documents it will have."""
        of_items = dispositions.dispositions(self.items)
        return sum(of_items[item.number] in PRODUCED and item.number not in self.earlier for item in self.items)


def redactions(plan: Plan, item: DecidedItem) -> list[Redaction]:
    """The redactions of an item as core/redaction takes them, each with the label of its code."""
    return [
        Redaction(mark.number, plan.labels.get(mark.code, mark.code), mark.first, mark.last, mark.page, mark.box)
        for mark in item.marks
    ]
