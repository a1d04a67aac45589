"""Failure policy: what happens to mail when a check or the rules are unavailable (docs/policy/rules.md; promise 6).

A cell is one of four words. None of them rejects permanently, and none delivers as if no check were missing; the type excludes such
a cell. If a check for threats, or the rules, are unavailable, mail from or to the outside is never delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from civicmail.city.policy.dispositions import Facts
from civicmail.city.policy.facts import FACTS

Cell = Literal["later", "hold", "pending", "deliver-again"]
"""later: 451, nothing is kept; hold: kept until a person looks; pending: kept, asked again for ten minutes, then held;
deliver-again: delivered with a mark that says so, and asked again."""
Direction = Literal["inbound", "internal", "outbound"]
CELLS: Final = get_args(Cell)
DIRECTIONS: Final = get_args(Direction)

PARSER: Final = "read"
"""The limited process that opens messages: without it nothing that lies in them is known."""
POLICY: Final = "policy"
"""The rules themselves: a book that cannot be read, a rule that errs."""
PART_ALIASES: Final = {"spamd": "rspamd"}
"""Parts that tell a fact of another part's."""
HARM_PARTS: Final = frozenset(
    {PARSER, POLICY, "spf", "dkim", "dmarc", "spam", "clamav", "files", "leaving", "links", "confidential"}
)
"""Parts without which nothing passes from outside or leaves (promise 6)."""
PART_LABELS: Final = {
    PARSER: "the limited process that opens messages",
    POLICY: "the rules themselves",
    "known": "who has written to the city before",
    "spf": "SPF, by DNS",
    "dkim": "signatures of domains, by DNS",
    "dmarc": "DMARC, by DNS",
    "arc": "seals of forwarders",
    "spam": "the city's own spam learner",
    "nearly": "what resembles reported spam",
    "rspamd": "Rspamd",
    "spamd": "SpamAssassin",
    "clamav": "the virus scanner",
    "files": "what files really are",
    "leaving": "which files leave",
    "links": "where links lead",
    "phishing": "signs of phishing",
    "exact": "files and links that an emergency names",
    "names": "who pretends to be somebody",
    "confidential": "confidential information",
    "use": "use that the policy names",
    "webmail": "web mail accounts",
}
PARTS: Final = (PARSER, POLICY, *dict.fromkeys(fact.check for fact in FACTS.values() if fact.check), *PART_ALIASES)
"""All that can fail, in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """What happens if one part is unavailable."""

    inbound: Cell
    internal: Cell
    outbound: Cell

    def cell(self, direction: Direction) -> Cell:
        match direction:
            case "inbound":
                return self.inbound
            case "internal":
                return self.internal
            case "outbound":
                return self.outbound


DEFAULT_ROW: Final = Row("pending", "deliver-again", "pending")
"""For parts of which a book says nothing (promise 6)."""


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """rows: by part."""

    rows: Mapping[str, Row]

    def row(self, part: str) -> Row:
        return self.rows.get(part, DEFAULT_ROW)

    def cell(self, part: str, direction: Direction) -> Cell:
        return self.row(part).cell(direction)


def direction_of(message: Facts, recipient: Facts) -> Direction:
    """The direction of one recipient's copy."""
    if message.get("inbound") is True:
        return "inbound"
    return "outbound" if recipient.get("outbound") is True else "internal"


def cell_error(part: str, direction: str, cell: object) -> str:
    """The error of a cell, as half a sentence; empty if it is valid."""
    if cell not in CELLS:
        return f"{cell!r} is none of {', '.join(CELLS)}"
    if cell == "deliver-again" and direction != "internal" and part in HARM_PARTS:
        return (
            f"without {part} ({PART_LABELS[part]}) nothing is delivered "
            f"{'from outside' if direction == 'inbound' else 'to the outside'}"
        )
    return ""
